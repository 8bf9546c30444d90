import Foundation

/// A segment file before it was damaged, read by the tests' own parser with FORMAT.md's offsets.
struct SpecimenSegment: Sendable {
    struct Header: Hashable, Sendable {
        var isActive: Bool
        var logID: [UInt8]
        var number: UInt64
        var incarnation: UInt64
        var capacity: Int
        var baseSequence: UInt64
        var basePosition: UInt64
        var isSameBoot: Bool
        var predecessorNumber: UInt64
        var predecessorLineage: UInt64
        var predecessorLength: Int
        var predecessorLast: UInt64
        var replaced: UInt64

        var lineage: UInt64 { replaced == 0 ? incarnation : replaced }

        func follows(_ other: Header) -> Bool {
            predecessorNumber == other.number && predecessorLineage == other.lineage
        }

        init(_ sector: [UInt8], bootID: [UInt8]) {
            isActive = sector[12] == 1
            logID = Array(sector[32..<48])
            number = little(sector, 48)
            incarnation = little(sector, 56)
            // Forged headers have any number.
            capacity = Int(clamping: little(sector, 64) as UInt64)
            baseSequence = little(sector, 72)
            basePosition = little(sector, 80)
            isSameBoot = Array(sector[96..<112]) == bootID
            predecessorNumber = little(sector, 120)
            predecessorLineage = little(sector, 128)
            predecessorLength = Int(clamping: little(sector, 136) as UInt64)
            predecessorLast = little(sector, 144)
            replaced = little(sector, 152)
        }
    }

    struct Frame: Hashable, Sendable {
        var offset: Int
        var end: Int
        var kind: UInt8
        var recordIndex: UInt64
        var recordCount: UInt64
        /// The durable position that this frame states, or 0 if it states none.
        var durablePosition: UInt64

        var isFooter: Bool { kind == 0x84 }
        /// Void and lost frames stand for the sequence numbers up to the next frame's.
        var standsForMissing: Bool { kind == 3 || kind == 4 }
    }

    var header: Header
    var bytes: [UInt8]
    var frames: [Frame] = []

    init(_ bytes: [UInt8], bootID: [UInt8]) {
        self.bytes = bytes
        header = Header(Array(bytes[..<512]), bootID: bootID)
        guard header.isActive else { return }
        var offset = 1024
        while offset + 24 <= bytes.count {
            let length: UInt32 = little(bytes, offset)
            if length == 0 { break }
            let kind = bytes[offset + 16]
            let distance: UInt32 = little(bytes, offset + 12)
            let position = header.basePosition &+ UInt64(offset)
            frames.append(
                Frame(
                    offset: offset, end: offset + (Int(length) + 7) / 8 * 8, kind: kind,
                    recordIndex: UInt64(little(bytes, offset + 8) as UInt32),
                    recordCount: kind == 1 ? 1 : kind == 2 ? UInt64(little(bytes, offset + 24) as UInt32) : 0,
                    durablePosition: distance == .max ? 0 : position - min(position, UInt64(distance) * 8)))
            offset = frames[frames.count - 1].end
            if kind == 0x84 { break }
        }
    }

    /// The frames of records and batches. Sync marks stand among them wherever the log was idle for a moment.
    var recordFrames: [Frame] { frames.filter { $0.recordCount > 0 } }

    func sequences(_ frame: Frame) -> Range<UInt64> {
        let first = header.baseSequence + frame.recordIndex
        return first..<first + frame.recordCount
    }
}

/// A little-endian number at an offset.
func little<Number: FixedWidthInteger>(_ bytes: [UInt8], _ offset: Int) -> Number {
    (0..<MemoryLayout<Number>.size).reduce(0) { $0 | Number(truncatingIfNeeded: bytes[offset + $1]) << (8 * $1) }
}
