/// The texts of records for people.
extension FlowRecord {
    /// The name of the record's kind. For a control, it is the name of the action.
    package var name: String {
        if case .control(let control) = event { "\(control.action)" } else { "\(kind)" }
    }

    /// The path of the record's step; nil if the record has none.
    package var path: String? {
        switch event {
        case .result(let path, _, _, _, _), .failure(let path, _, _, _, _), .started(let path, _),
            .wait(let path, _, _),
            .signal(let path, _, _), .memo(let path, _, _), .emit(let path, _, _, _, _):
            path
        case .graph, .begin, .control, .resumed, .end, .delivered, .trace: nil
        }
    }

    /// The contents of the record other than its kind, task and path.
    package var details: String {
        switch event {
        case .graph(let hash, let json): "\(String(hash, radix: 16)) \(json)"
        case .begin(let start): "\(start.dag) \(Self.text(start.input))"
        case .result(_, let attempt, _, let label, let bytes):
            "attempt \(attempt)\(label.map { ", \($0)" } ?? ""): \(Self.text(bytes))"
        case .failure(_, let attempt, _, let error, let retryAt):
            "attempt \(attempt)\(retryAt.map { ", again at \($0)" } ?? ", final"): \(error)"
        case .started(_, let attempt): "attempt \(attempt)"
        case .wait(_, let signal, let due):
            [signal.map { "for \($0)" }, due.map { "until \($0)" }].compactMap { $0 }.joined(separator: " ")
        case .signal(_, let id, let payload): "\(id): \(Self.text(payload))"
        case .control(let control): ([control.reason].compactMap { $0 } + control.paths).joined(separator: ", ")
        case .resumed(let count): "\(count)"
        case .end(let end):
            "\(end.status) " + (end.error.map { "\(end.path ?? ""): \($0)" } ?? end.output.map(Self.text) ?? "")
        case .delivered: ""
        case .memo(_, let name, let bytes): "\(name): \(Self.text(bytes))"
        case .emit(_, let attempt, let number, let sink, let bytes):
            "attempt \(attempt), \(number) to \(sink): \(Self.text(bytes))"
        case .trace(let fields):
            fields.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
        }
    }

    private static func text(_ bytes: [UInt8]) -> String {
        let shown = String(decoding: bytes.prefix(200), as: UTF8.self)
        return shown + (bytes.count > 200 ? "…" : "")
    }
}
