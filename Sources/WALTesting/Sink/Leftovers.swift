internal import WAL

/// The resources that a check has opened and that no other code closes.
final class Leftovers: Sendable {
    private let closings = Monitor<[@Sendable () async -> Void]>([])

    func add(_ close: @escaping @Sendable () async -> Void) {
        closings.withLock { $0.append(close) }
    }

    func closeAll() async {
        let all = closings.withLock { closings in
            defer { closings = [] }
            return closings
        }
        for close in all { await close() }
    }
}
