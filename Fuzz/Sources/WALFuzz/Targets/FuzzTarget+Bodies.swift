@testable import WAL
@testable import WALDelivery

extension FuzzTarget {
    static let frame: Run = { bytes in
        let seed: UInt32 = 7
        var copy = Array(bytes)
        copy.withUnsafeMutableBytes { room in
            guard let base = room.baseAddress, room.count >= Frame.headerSize else { return }
            let length = Int(UnsafeRawPointer(base).load(UInt32.self, at: 0))
            if length >= Frame.headerSize, roundedUp8(length) <= room.count {
                base.store(
                    Frame.checksum(seed: seed, offset: 0, length: length, frame: UnsafeRawPointer(base)), at: 4)
            }
            let outcome = FrameValidity.check(UnsafeRawBufferPointer(room), offset: 0, seed: seed, recordIndexMin: 1)
            guard case .valid(let frame) = outcome else { return }
            precondition(frame.header.size <= room.count && frame.body.count == frame.header.bodySize)
            var summary = SegmentSummary(
                SegmentHeader(
                    logID: LogID(low: 1, high: 2), segmentNumber: 1, incarnation: 1, capacity: 1 << 20, state: .active))
            _ = summary.add(frame.header, body: frame.body, offset: 0)
        }
    }

    static let batch: Run = { bytes in
        use(BatchBody.decode(bytes), of: bytes.count)
        _ = BatchBody.header(bytes)
    }

    static let cursors: Run = { bytes in
        guard let entries = CursorsBody.decode(bytes) else { return }
        var named = SegmentMarkers()
        named.add(entries)
        CursorsBody.encode(entries).withUnsafeBytes { precondition(CursorsBody.decode($0)?.count == entries.count) }
        _ = named.state(after: Markers()).snapshot
    }

    static let footer: Run = { bytes in
        guard let footer = SegmentFooter(bytes) else { return }
        let encoded = footer.encodeBody()
        precondition(encoded.count <= bytes.count)
        encoded.withUnsafeBytes { precondition(SegmentFooter($0) == footer) }
    }

    static let recovery: Run = { bytes in
        _ = RecoveryBody.decode(bytes)
    }

    static let letter: Run = { bytes in
        if let removed = DeadLetterRecord.removed(by: Array(bytes)) {
            precondition(DeadLetterRecord.removed(by: DeadLetterRecord.removal(of: removed)) == removed)
        }
        guard let letter = DeadLetterRecord(encoded: Array(bytes)) else { return }
        precondition(DeadLetterRecord(encoded: letter.encoded) == letter)
    }
}
