import Foundation
import WALTesting

@testable import WAL

/// The contents that opening would leave, by the code with which opening examines and decides, without its writes.
enum FastRecovery {
    static func contents(of path: String) throws -> LogContents {
        guard FileManager.default.fileExists(atPath: path) else { return LogContents(records: []) }
        let directory = try Directory(path: path)
        let segments = try Recovery.examine(LogFiles(in: directory), in: directory, scope: .unsealed, isWritten: false)
        var plan = RecoveryPlan(segments, currentBoot: .current)
        plan.resume(from: try RecoveryIntent(in: directory))
        var records: [LogContents.Record] = []
        let buffer = ReadBuffer()
        for step in plan.steps {
            guard let header = step.segment.header else { continue }
            switch step.action {
            case .keep, .seal: try read(step.segment, header, end: .max, buffer, into: &records)
            case .rewrite(let end): try read(step.segment, header, end: end ?? .max, buffer, into: &records)
            case .setAside, .remove: break
            }
        }
        return LogContents(records: records, findings: plan.report.findings)
    }

    private static func read(
        _ segment: ExaminedSegment, _ header: SegmentHeader, end: Int, _ buffer: ReadBuffer,
        into records: inout [LogContents.Record]
    ) throws {
        let bytes = try buffer.load(try segment.file, of: header, isImmutable: true)
        _ = try SegmentScan(bytes, header: header) { frame, offset in
            guard offset < end else { return }
            let sequence = header.baseSequence + UInt64(frame.header.recordIndex)
            switch frame.header.kind {
            case .record: records.append(LogContents.Record(sequence: sequence, payload: Array(frame.body)))
            case .batch:
                guard let content = BatchBody.decode(frame.body) else { return }
                var start = content.payloadOffset
                for index in 0..<content.recordCount {
                    let size = content.size(index)
                    let payload = Array(content.bytes[start..<start + size])
                    records.append(LogContents.Record(sequence: sequence + UInt64(index), payload: payload))
                    start += size
                }
            default: break
            }
        }
    }
}
