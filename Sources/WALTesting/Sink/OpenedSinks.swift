internal import WAL

/// The sinks that a check has opened and nobody else closes.
final class OpenedSinks<Tested: Sink>: Sendable {
    private let sinks = Monitor<[Tested]>([])

    func add(_ sink: Tested) -> Tested {
        sinks.withLock { $0.append(sink) }
        return sink
    }

    func closeAll() async {
        let opened = sinks.withLock { sinks in
            defer { sinks = [] }
            return sinks
        }
        for sink in opened { await sink.close() }
    }
}
