import Foundation
import WAL
import WALTasks

@testable import WALTool

extension FuzzTarget {
    /// Each mutation has one encoding, so encoding a decoded mutation gives identical bytes.
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
            case .line(let line): check(line, parser)
            case .rest(let line):
                check(line, parser)
                reader.takeRest()
                precondition(reader.position.bytes == UInt64(bytes.count))
                return
            case .end:
                precondition(reader.position.bytes == UInt64(bytes.count))
                return
            case .tooLong, .idle, .stopped: continue
            }
        }
    }

    /// `save` accepts every line that `ingest` accepts, and the log and a dump return it unchanged.
    private static func check(_ line: UnsafeRawBufferPointer, _ parser: LineParser) {
        guard let mutation = parse(line, parser) else { return }
        precondition((try? mutation.validate()) != nil)
        let dumped = TaskLine(mutation).bytes + [UInt8](repeating: 0, count: LineParser.padding)
        dumped.withUnsafeBytes { padded in
            let again = UnsafeRawBufferPointer(rebasing: padded.dropLast(LineParser.padding))
            precondition(parse(again, parser) == mutation)
        }
    }

    /// The mutation of a line, whose record is the mutation's encoding; nil for a line that isn't accepted.
    private static func parse(_ line: UnsafeRawBufferPointer, _ parser: LineParser) -> TaskMutation? {
        var batch = RecordBatch()
        guard (try? parser.parse(line, into: &batch)) != nil else {
            precondition(batch.isEmpty)
            return nil
        }
        let mutation = batch.payloads.withUnsafeBytes { try? TaskCodec.decode(RawSpan(_unsafeBytes: $0)) }
        precondition(batch.count == 1 && mutation.map(TaskCodec.encode) == batch.payloads)
        return mutation
    }
}
