/// Whether a task that began with one version of a graph can continue with another.
///
/// It can if each result that unfinished nodes need is still there under its path, and if no finished node has a new ancestor that isn't
/// finished.
package struct GraphChange {
    private let old: GraphShape
    private let new: GraphShape

    package init(from old: GraphShape, to new: GraphShape) {
        self.old = old
        self.new = new
    }

    /// Returns why a task must be parked, or nil.
    package func conflict(with task: TaskJournal) -> String? {
        old == new ? nil : Self.conflict(old, new, "", task)
    }

    private static func conflict(_ old: GraphShape, _ new: GraphShape, _ prefix: String, _ task: TaskJournal) -> String?
    {
        func hasResult(_ id: String) -> Bool { task.steps[prefix + id]?.result != nil }
        let (before, after) = (Ancestry(old), Ancestry(new))
        for node in old.nodes where node.kind.isJournaled && hasResult(node.id) {
            let isSame = new.nodes.contains { $0.id == node.id && $0.kind == node.kind }
            let unfinished = old.nodes.first {
                $0.kind.isJournaled && !hasResult($0.id) && before.ancestors(of: $0.id).contains(node.id)
                    && after.has($0.id)
            }
            if !isSame, let unfinished {
                return
                    "the step \(prefix)\(node.id) has a result that \(prefix)\(unfinished.id) needs, and the new graph doesn't have it"
            }
        }
        for node in new.nodes where node.kind.isJournaled && hasResult(node.id) {
            let added = after.ancestors(of: node.id).subtracting(before.ancestors(of: node.id))
            if let missing = new.nodes.first(where: {
                added.contains($0.id) && $0.kind.isJournaled && !hasResult($0.id)
            }) {
                return "the finished step \(prefix)\(node.id) now comes after \(prefix)\(missing.id), which hasn't run"
            }
        }
        for node in old.nodes {
            guard let body = node.body else { continue }
            let path = prefix + node.id
            let scopes = scopes(of: node, path, task)
            guard !scopes.isEmpty else { continue }
            guard let other = new.nodes.first(where: { $0.id == node.id }), other.kind == node.kind,
                let newBody = other.body
            else {
                return "\(path) has results, and the new graph doesn't have it"
            }
            guard body != newBody else { continue }
            for scope in scopes {
                if let reason = conflict(body, newBody, scope, task) { return reason }
            }
        }
        return nil
    }

    /// The starts of the paths that have results of a node's graph.
    private static func scopes(of node: GraphShape.Node, _ path: String, _ task: TaskJournal) -> [String] {
        if node.kind == .dag { return task.steps.keys.contains { $0.hasPrefix(path + "/") } ? [path + "/"] : [] }
        var scopes: Set<String> = []
        for key in task.steps.keys where key.hasPrefix(path + "[") {
            guard let end = key.dropFirst(path.count).firstIndex(of: "]") else { continue }
            scopes.insert(key[...end] + "/")
        }
        return scopes.sorted()
    }
}

/// The ancestors of each node of a shape, by id.
private struct Ancestry {
    private var sets: [String: Set<String>] = [:]

    init(_ shape: GraphShape) {
        for node in shape.nodes {
            var set: Set<String> = []
            for parent in node.parents + [node.handles].compactMap({ $0 }) {
                set.insert(parent)
                set.formUnion(sets[parent] ?? [])
            }
            sets[node.id] = set
        }
    }

    func has(_ id: String) -> Bool { sets[id] != nil }

    func ancestors(of id: String) -> Set<String> { sets[id] ?? [] }
}

extension GraphShape {
    /// Returns the paths whose results depend on a step, itself first. A path stands for everything below it, too.
    ///
    /// - Returns: The paths, or nil if the graph has no such step.
    package func paths(dependingOn path: String) -> [String]? {
        paths(dependingOn: path[...], prefix: "")
    }

    private func paths(dependingOn rest: Substring, prefix: String) -> [String]? {
        let end = rest.firstIndex { $0 == "/" || $0 == "[" } ?? rest.endIndex
        let id = String(rest[..<end])
        guard let node = nodes.first(where: { $0.id == id }) else { return nil }
        var paths: [String] = []
        if end == rest.endIndex {
            paths = [prefix + id]
        } else {
            guard let body = node.body else { return nil }
            guard let slash = rest[end...].firstIndex(of: "/") else {
                // A whole element.
                guard rest.last == "]" else { return nil }
                return dependents(of: id, [prefix + rest], prefix)
            }
            let start = rest.index(after: slash)
            guard let inner = body.paths(dependingOn: rest[start...], prefix: prefix + rest[..<start]) else {
                return nil
            }
            paths = inner
        }
        return dependents(of: id, paths, prefix)
    }

    private func dependents(of id: String, _ paths: [String], _ prefix: String) -> [String] {
        let ancestry = Ancestry(self)
        return paths + nodes.filter { ancestry.ancestors(of: $0.id).contains(id) }.map { prefix + $0.id }
    }

    /// Returns the outermost element around a step that has its output, such as `lines[3]`. Its other steps are forgotten.
    package func element(around path: String, endedIn task: TaskJournal) -> String? {
        var (shape, rest) = (self, path[...])
        while let end = rest.firstIndex(where: { $0 == "/" || $0 == "[" }),
            let slash = rest[end...].firstIndex(of: "/"),
            let body = shape.nodes.first(where: { $0.id == rest[..<end] })?.body
        {
            if rest[end] == "[", task.steps["\(path[...slash])\(body.output)"]?.result != nil {
                return String(path[..<slash])
            }
            (shape, rest) = (body, rest[rest.index(after: slash)...])
        }
        return nil
    }
}
