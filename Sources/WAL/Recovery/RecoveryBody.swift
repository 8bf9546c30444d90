/// The body of a recovery frame: the findings of the opening that began the segment (FORMAT.md, "Recovery frames").
///
///     count u32 | findings in the frame u32 | each: class u8, acknowledged u8, zero u16, zero u32, segment u64, offset u64,
///     bytes u64, first sequence u64, last sequence u64 (both 0 where none)
enum RecoveryBody {
    /// The largest number of findings in a frame. The frame only informs operators, and the damaged files are kept.
    static let findingsMax = 64

    private static let classes: [RecoveryReport.Classification] = [
        .tornTail, .abandonedClaims, .corruption, .missingSegment, .foreignSegment,
    ]

    static func encode(_ report: RecoveryReport) -> [UInt8] {
        var body: [UInt8] = []
        let findings = report.findings.prefix(findingsMax)
        body.add(UInt32(report.findings.count))
        body.add(UInt32(findings.count))
        for finding in findings {
            body.add(UInt8((classes.firstIndex(of: finding.classification) ?? 0) + 1))
            body.add(finding.isAcknowledged ? 1 as UInt8 : 0)
            body.add(0 as UInt16)
            body.add(0 as UInt32)
            body.add(finding.segment)
            body.add(UInt64(finding.offset))
            body.add(UInt64(finding.byteCount))
            body.add(finding.sequences?.lowerBound.rawValue ?? 0)
            body.add(finding.sequences?.upperBound.rawValue ?? 0)
        }
        return body
    }

    /// Returns the written findings and the number of all findings, or nil if the body doesn't have this format.
    static func decode(_ body: UnsafeRawBufferPointer) -> (findings: [RecoveryReport.Finding], count: Int)? {
        var reader = unsafe ByteReader(body)
        guard let count = reader.number(UInt32.self), let written = reader.number(UInt32.self) else { return nil }
        var findings: [RecoveryReport.Finding] = []
        for _ in 0..<min(Int(written), findingsMax) {
            guard let kind = reader.number(UInt8.self), let acknowledged = reader.number(UInt8.self),
                reader.number(UInt16.self) != nil, reader.number(UInt32.self) != nil,
                let segment = reader.number(UInt64.self), let offset = reader.number(UInt64.self),
                let size = reader.number(UInt64.self), let first = reader.number(UInt64.self),
                let last = reader.number(UInt64.self), (1...classes.count).contains(Int(kind))
            else { return nil }
            findings.append(
                RecoveryReport.Finding(
                    classification: classes[Int(kind) - 1], segment: segment, offset: Int(clamping: offset),
                    byteCount: Int(clamping: size),
                    sequences: first > 0 && first <= last
                        ? SequenceNumber(rawValue: first)...SequenceNumber(rawValue: last) : nil,
                    isAcknowledged: acknowledged != 0, evidence: "recorded by the opening that began the segment"))
        }
        return (findings, Int(count))
    }
}
