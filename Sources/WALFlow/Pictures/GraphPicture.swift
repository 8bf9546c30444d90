internal import WAL

/// The format of a picture of a graph. A picture shows the state of each node by a color and a sign.
public enum GraphPicture: String, CaseIterable, Sendable {
    /// Text for Mermaid, which many viewers of Markdown draw.
    case mermaid
    /// Text for Graphviz.
    case dot
    /// An SVG image.
    case svg

    /// Replaces characters that have a meaning in a format. They have it with a combining mark after them, too.
    static func escaped(_ text: String, _ escapes: [Unicode.Scalar: String]) -> String {
        text.unicodeScalars.map { escapes[$0] ?? String($0) }.joined()
    }
}

extension FlowDAG {
    /// Draws the graph without the states of a task.
    ///
    /// - Parameter form: The format.
    /// - Returns: The text of the picture.
    /// - Throws: The errors of ``validate()``.
    public func picture(as form: GraphPicture) throws(FlowError) -> String {
        try frozen().shape.picture(of: TaskView(nil), as: form)
    }
}

extension FlowRunner {
    /// Draws the graph of a live task with the states of its nodes.
    ///
    /// - Parameters:
    ///   - id: The id of the task.
    ///   - form: The format.
    /// - Returns: The text of the picture.
    /// - Throws: ``FlowError`` with the code `unknownTask`, or `unknownDAG` if the runner doesn't have the task's DAG.
    public func picture(of id: String, as form: GraphPicture) throws(FlowError) -> String {
        let live = try require(id)
        let (journal, dag, running) = live.state.withLock { ($0.journal, $0.dag, Set($0.running.keys)) }
        guard let dag else { throw FlowError(.unknownDAG, "The runner doesn't have the DAG of the task \(id).") }
        return dag.shape.picture(of: TaskView(journal, running: running), as: form)
    }
}

extension GraphShape {
    /// Draws the graph with the states of a task.
    package func picture(of view: TaskView, as form: GraphPicture) -> String {
        switch form {
        case .mermaid: TextPicture(view: view, style: .mermaid).text(of: self)
        case .dot: TextPicture(view: view, style: .dot).text(of: self)
        case .svg: VectorPicture(view: view).svg(of: self)
        }
    }

    /// Returns the text in the box of a node.
    static func title(_ node: Node, _ state: TaskView.State, endedElements: Int) -> String {
        let text =
            switch node.kind {
            case .label: String(node.id.drop { $0 != "=" }.dropFirst()) + "?"
            case .merge: "either"
            case .iterator: "\(node.id) (each\(endedElements > 0 ? ", \(endedElements) done" : ""))"
            case .wait: "\(node.id) (waits)"
            case .timer: "\(node.id) (sleeps)"
            default: node.id
            }
        return "\(state.sign) \(text)"
    }
}

/// The colors of states: the fill and the border.
extension TaskView.State {
    var colors: (fill: String, border: String) {
        switch self {
        case .pending: ("#f3f4f6", "#9ca3af")
        case .ready: ("#e0f2fe", "#0284c7")
        case .running: ("#dbeafe", "#1d4ed8")
        case .waiting: ("#ede9fe", "#6d28d9")
        case .retrying: ("#fef3c7", "#b45309")
        case .done: ("#dcfce7", "#15803d")
        case .failed: ("#fee2e2", "#b91c1c")
        case .skipped: ("#ffffff", "#d1d5db")
        }
    }
}

/// The text of a graph for Mermaid or Graphviz.
private struct TextPicture {
    enum Style {
        case mermaid, dot
    }

    let view: TaskView
    let style: Style

    func text(of shape: GraphShape) -> String {
        var lines: [String] = []
        switch style {
        case .mermaid: lines.append("flowchart LR")
        case .dot:
            lines.append("digraph \"\(escaped(shape.name))\" {")
            lines.append("  rankdir=LR; node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\"];")
        }
        add(shape, prefix: "", id: "n", depth: 1, &lines)
        if style == .dot {
            lines.append("}")
        } else {
            for state in TaskView.State.allCases {
                lines.append(
                    "  classDef \(state.rawValue) fill:\(state.colors.fill),stroke:\(state.colors.border),color:#111827"
                )
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func add(
        _ shape: GraphShape, prefix: String, input: TaskView.State = .done, id: String, depth: Int,
        _ lines: inout [String]
    ) {
        let states = view.states(of: shape, prefix: prefix, input: input)
        let indent = String(repeating: "  ", count: depth)
        // The graph may be from a log, and two of its nodes may have one id.
        let names = Dictionary(shape.nodes.enumerated().map { ($1.id, "\(id)_\($0)") }) { first, _ in first }
        for node in shape.nodes {
            guard let name = names[node.id] else { continue }
            let state = states[node.id] ?? .pending
            let title = GraphShape.title(node, state, endedElements: view.endedElements(of: node, prefix: prefix))
            lines.append(indent + box(name, title, node.kind, state))
            if let body = node.body, node.kind == .dag || node.kind == .iterator {
                let inner = prefix + node.id + (node.kind == .dag ? "/" : "[0]/")
                lines.append(indent + begin(name, title))
                let input = view.input(of: node, state, prefix)
                add(body, prefix: inner, input: input, id: name, depth: depth + 1, &lines)
                lines.append(indent + (style == .mermaid ? "end" : "}"))
            }
        }
        for node in shape.nodes {
            for parent in Set(node.parents + [node.handles].compactMap { $0 }).sorted() {
                guard let from = names[parent], let to = names[node.id] else { continue }
                let isHandler = node.handles != nil
                switch style {
                case .mermaid: lines.append("\(indent)\(from) \(isHandler ? "-.->" : "-->") \(to)")
                case .dot: lines.append("\(indent)\(from) -> \(to)\(isHandler ? " [style=dashed]" : "");")
                }
            }
        }
    }

    private func box(_ name: String, _ title: String, _ kind: GraphShape.Kind, _ state: TaskView.State) -> String {
        switch style {
        case .mermaid:
            let text = "\"\(escaped(title))\""
            let shape = kind == .branch ? "{\(text)}" : kind == .wait || kind == .timer ? "([\(text)])" : "[\(text)]"
            return "\(name)\(shape):::\(state.rawValue)"
        case .dot:
            return
                "\(name) [label=\"\(escaped(title))\", fillcolor=\"\(state.colors.fill)\", color=\"\(state.colors.border)\"];"
        }
    }

    private func begin(_ name: String, _ title: String) -> String {
        switch style {
        case .mermaid: "subgraph \(name)_in [\"\(escaped(title))\"]"
        case .dot: "subgraph cluster_\(name) { label=\"\(escaped(title))\";"
        }
    }

    private func escaped(_ text: String) -> String {
        var escapes: [Unicode.Scalar: String] = ["\"": "&quot;", "\n": " ", "\r": " "]
        if style == .dot { escapes["\\"] = "\\\\" }
        return GraphPicture.escaped(text, escapes)
    }
}
