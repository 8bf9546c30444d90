@testable import WALTesting

/// Messages over a socket: four bytes of length, then text. One thread at a time may use it.
struct FrameConnection: Sendable {
    let socket: Socket

    func send(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        let size = UInt32(bytes.count)
        let frame = (0..<4).map { UInt8(truncatingIfNeeded: size >> ($0 * 8)) } + bytes
        return socket.write(frame[...])
    }

    /// The next message, or nil at the end. `rest` gets the bytes of an incomplete message.
    func receive(rest: inout [UInt8]) -> String? {
        rest = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var wanted = 4
        while rest.count < wanted {
            var room = [UInt8](buffer.prefix(min(buffer.count, wanted - rest.count)))
            let bytes = socket.read(into: &room)
            if bytes.isEmpty { return nil }
            rest += bytes
            if wanted == 4, rest.count == 4 {
                wanted += rest.reversed().reduce(0) { $0 << 8 | Int($1) }
            }
        }
        buffer = []
        return String(decoding: rest[4...], as: UTF8.self)
    }

    func receive() -> String? {
        var rest: [UInt8] = []
        return receive(rest: &rest)
    }
}
