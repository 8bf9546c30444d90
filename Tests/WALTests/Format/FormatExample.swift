@testable import WAL

/// The segment of the worked example in FORMAT.md: a record, a batch with a bookmark, a cursor, a sync mark, a footer.
enum FormatExample {
    static let header: SegmentHeader = {
        var header = SegmentHeader(
            logID: LogID(low: 0x0706_0504_0302_0100, high: 0x0F0E_0D0C_0B0A_0908), segmentNumber: 1,
            incarnation: 0x1122_3344_5566_7788, capacity: 1 << 20, state: .active)
        header.baseSequence = 1
        header.bootID = BootID(low: 0xA1A2_A3A4_A5A6_A7A8, high: 0xB1B2_B3B4_B5B6_B7B8)
        header.creationTime = time
        header.uptime = 90_000_000
        return header
    }()

    /// 2026-01-02T03:04:05.678Z
    static let time: Int64 = 1_767_323_045_678_000

    static var bytes: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: SegmentHeader.size)
        bytes.withUnsafeMutableBytes { bytes in
            if let base = bytes.baseAddress { header.encode(to: base) }
        }
        var summary = SegmentSummary(header)
        var recordIndex: UInt32 = 0
        let seed = Frame.seed(logID: header.logID, incarnation: header.incarnation)
        func add(_ kind: Frame.Kind, durableDistance: UInt32, _ body: [UInt8]) {
            let offset = bytes.count
            let frame = body.withUnsafeBytes {
                Frame.encode(
                    kind: kind, recordIndex: recordIndex, durableDistance: durableDistance, time: time, body: $0,
                    seed: seed, offset: offset)
            }
            bytes += frame
            frame.withUnsafeBytes { frame in
                guard let base = frame.baseAddress else { return }
                let header = FrameHeader(base)
                let body = UnsafeRawBufferPointer(rebasing: frame[24..<header.length])
                recordIndex += UInt32(summary.add(header, body: body, offset: offset) ?? 0)
            }
        }
        add(.record, durableDistance: 128, Array("hello".utf8))
        var batch = RecordBatch()
        batch.append(Array("alpha".utf8))
        batch.append(Array("beta".utf8))
        let mark = Bookmark(name: "input", position: 2, metadata: [0xCA, 0xFE])
        add(.batch, durableDistance: 132, BatchBody.encode(batch, bookmark: mark, compression: .none))
        add(.cursors, durableDistance: 0, CursorsBody.encode([.cursor(name: "sink/db", sequence: 1)]))
        add(.syncMark, durableDistance: 0, [])
        let end = SegmentEnd(offset: bytes.count, recordCount: UInt64(recordIndex))
        add(.footer, durableDistance: 0, summary.footer(at: end, after: Markers()).encodeBody())
        return bytes
    }

    static var dump: String { dump(of: bytes) }

    /// The layout of FORMAT.md: offset, 16 bytes, the printable characters, without rows of zeros.
    static func dump(of bytes: [UInt8]) -> String {
        var lines: [String] = []
        for start in stride(from: 0, to: bytes.count, by: 16) {
            let row = bytes[start..<min(start + 16, bytes.count)]
            guard row.contains(where: { $0 != 0 }) else { continue }
            let offset = String(start, radix: 16)
            let hex = row.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
            let text = String(decoding: row.map { (0x20..<0x7F).contains($0) ? $0 : 0x2E }, as: UTF8.self)
            lines.append(
                String(repeating: "0", count: 4 - offset.count) + offset + "  "
                    + hex + String(repeating: " ", count: 48 - hex.count) + " |" + text + "|")
        }
        return lines.joined(separator: "\n")
    }
}
