import Foundation
import WALTasks

@testable import WALTool

extension FuzzTarget {
    /// Each mutation has one spelling, so what can be read is what would be written.
    static let task: Run = { bytes in
        let payload = RawSpan(_unsafeBytes: bytes)
        _ = TaskCodec.key(of: payload)
        guard let mutation = try? TaskCodec.decode(payload) else { return }
        precondition(TaskCodec.encode(mutation).elementsEqual(bytes))
        precondition(TaskCodec.size(of: mutation) == bytes.count)
    }

    static let lines: Run = { bytes in
        guard let file = tmpfile() else { return }
        defer { fclose(file) }
        fwrite(bytes.baseAddress, 1, bytes.count, file)
        fflush(file)
        rewind(file)
        guard let parser = try? LineParser(), let stop = try? StopSignal() else { return }
        let reader = LineReader(descriptor: fileno(file), stop: stop)
        while let event = try? reader.next() {
            switch event {
            case .line(let line):
                guard let mutation = try? parser.mutation(from: line) else { continue }
                let encoded = TaskCodec.encode(mutation)
                // What no store takes is refused later, and what was encoded can be read.
                encoded.withUnsafeBytes { precondition((try? TaskCodec.decode(RawSpan(_unsafeBytes: $0))) == mutation) }
            case .end:
                precondition(reader.position.bytes == UInt64(bytes.count))
                return
            case .tooLong, .idle, .stopped: continue
            }
        }
    }
}
