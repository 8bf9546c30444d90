internal import WAL

/// The messages that an attempt of a step sends with its result.
final class Outbox: Sendable {
    private struct Message {
        var sink: String
        var bytes: [UInt8]
    }

    private struct State {
        var messages: [Message] = []
        var size = 0
    }

    private let sizeMax: Int
    private let state = Monitor(State())

    init(sizeMax: Int) {
        self.sizeMax = sizeMax
    }

    /// Returns false if the messages take too much space.
    func add(_ bytes: [UInt8], to sink: String) -> Bool {
        state.withLock { state in
            // More than the other fields of a record take.
            let size = bytes.count + sink.utf8.count + 512
            guard state.size + size <= sizeMax else { return false }
            state.messages.append(Message(sink: sink, bytes: bytes))
            state.size += size
            return true
        }
    }

    /// The records of the messages.
    func events(_ path: String, _ attempt: UInt32) -> [FlowRecord.Event] {
        state.withLock(\.messages).enumerated().map { index, message in
            .emit(
                path: path, attempt: attempt, number: UInt32(index) + 1, sink: message.sink, bytes: message.bytes)
        }
    }
}
