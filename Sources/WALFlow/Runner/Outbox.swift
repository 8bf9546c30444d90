/// The messages that an attempt of a step sends together with its result.
struct Outbox: Sendable {
    private struct Message {
        var sink: String
        var bytes: [UInt8]
    }

    private let sizeMax: Int
    private var messages: [Message] = []
    private var size = 0

    init(sizeMax: Int) {
        self.sizeMax = sizeMax
    }

    /// Adds a message. Returns false if the messages take too much space.
    mutating func add(_ bytes: [UInt8], to sink: String) -> Bool {
        // The other fields of a record take less than these 512 bytes.
        let size = bytes.count + sink.utf8.count + 512
        guard self.size + size <= sizeMax else { return false }
        messages.append(Message(sink: sink, bytes: bytes))
        self.size += size
        return true
    }

    /// Returns the records of the messages.
    func events(_ path: String, _ attempt: UInt32) -> [FlowRecord.Event] {
        messages.enumerated().map { index, message in
            .emit(
                path: path, attempt: attempt, number: UInt32(index) + 1, sink: message.sink, bytes: message.bytes)
        }
    }
}
