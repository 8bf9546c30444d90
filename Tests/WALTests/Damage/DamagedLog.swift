import Foundation
import WALTesting

@testable import WAL

/// A log with random damage: the files of an undamaged log, and the changes that a seed selects.
struct DamagedLog {
    /// An undamaged log from which all damage starts.
    struct Base: Sendable {
        var name: String
        var files: Specimen.Files
        var payloads: [UInt64: [UInt8]]
    }

    let base: Base
    private(set) var files: Specimen.Files
    /// The changes, as text for a report.
    private(set) var changes: [String] = []
    /// True if a forged checksum is right, so that any payload may be returned.
    private(set) var isForged = false
    private var generator: SeededGenerator

    init(_ bases: [Base], seed: UInt64) {
        generator = SeededGenerator(seed: seed)
        base = bases[Int.random(in: 0..<bases.count, using: &generator)]
        files = base.files
        for _ in 0..<Int.random(in: 1...3, using: &generator) { damageOnce() }
    }

    private mutating func number(_ range: Range<Int>) -> Int {
        range.isEmpty ? range.lowerBound : Int.random(in: range, using: &generator)
    }

    private mutating func damageOnce() {
        let names = files.keys.sorted()
        guard !names.isEmpty else { return }
        let name = names[number(0..<names.count)]
        guard var bytes = files[name], !bytes.isEmpty else { return }
        let end = max(1, min(bytes.count, (bytes.lastIndex { $0 != 0 } ?? 0) + 64))
        let place = number(0..<end)
        switch number(0..<14) {
        case 0:
            bytes[place] ^= 1 << number(0..<8)
            changes.append("a bit of byte \(place) of \(name) is flipped")
        case 1, 2:
            let count = number(1..<600)
            for offset in place..<min(end, place + count) { bytes[offset] = UInt8(number(0..<256)) }
            changes.append("\(count) bytes at \(place) of \(name) are random")
        case 3:
            let count = [8, 24, 512, 4096][number(0..<4)]
            for offset in place..<min(end, place + count) { bytes[offset] = 0 }
            changes.append("\(count) bytes at \(place) of \(name) are zero")
        case 4:
            let count = [place, 10, 512, 1000, 1024, 1300][number(0..<6)]
            bytes = Array(bytes.prefix(count))
            changes.append("\(name) is cut to \(bytes.count)")
        case 5:
            files[name] = nil
            changes.append("\(name) is gone")
            return
        case 6:
            let count = [1, 8, 24, 64, 1000][number(0..<5)]
            let byte = UInt8(number(0..<3) == 0 ? 0 : number(0..<256))
            bytes += [UInt8](repeating: byte, count: count)
            changes.append("\(count) bytes are appended to \(name)")
        case 7:
            let other = names[number(0..<names.count)]
            files[name] = files[other]
            changes.append("\(other) is in the place of \(name)")
            return
        case 8:
            let sector = place / 512 * 512
            let other = names[number(0..<names.count)]
            let source = files[other] ?? []
            guard sector + 512 <= min(bytes.count, source.count) else { return damageOnce() }
            bytes.replaceSubrange(sector..<sector + 512, with: source[sector..<sector + 512])
            changes.append("the sector at \(sector) of \(name) is that of \(other)")
        case 9, 10: forgeHeader(&bytes, name)
        case 11, 12: forgeFrame(&bytes, name)
        default: forgeFooter(&bytes, name)
        }
        files[name] = bytes
    }

    private mutating func limit(_ value: UInt64) -> UInt64 {
        switch number(0..<9) {
        case 0: 0
        case 1: 1
        case 2: value &+ 1
        case 3: value &- 1
        case 4: value &+ 1 << 26
        case 5: 1 << 32
        case 6: 1 << 62
        case 7: .max
        default: UInt64.random(in: 0...value &+ 1000, using: &generator)
        }
    }

    /// Forges a header, with right checksums.
    private mutating func forgeHeader(_ bytes: inout [UInt8], _ name: String) {
        guard bytes.count >= SegmentHeader.size,
            case .header(var header, _) = bytes.withUnsafeBytes({ SegmentHeader.decode($0) })
        else { return }
        isForged = true
        let field = number(0..<11)
        switch field {
        case 0: header.baseSequence = limit(header.baseSequence)
        case 1: header.basePosition = limit(header.basePosition)
        case 2: header.epoch = limit(header.epoch)
        case 3: header.capacity = limit(header.capacity)
        case 4: header.predecessor.number = limit(header.predecessor.number)
        case 5: header.predecessor.incarnation = limit(header.predecessor.incarnation)
        case 6: header.predecessor.length = limit(header.predecessor.length) & ~7
        case 7: header.predecessor.finalSequence = limit(header.predecessor.finalSequence)
        case 8: header.replacedIncarnation = limit(header.replacedIncarnation)
        case 9: header.segmentNumber = limit(header.segmentNumber)
        default: header.state = .prepared
        }
        bytes.withUnsafeMutableBytes { bytes in
            if let start = bytes.baseAddress { header.encode(to: start) }
        }
        changes.append("the header of \(name) is forged: \(header)")
    }

    /// Forges a frame, with a right checksum.
    private mutating func forgeFrame(_ bytes: inout [UInt8], _ name: String) {
        guard bytes.count > SegmentHeader.size + Frame.headerSize,
            case .header(let header, _) = bytes.withUnsafeBytes({ SegmentHeader.decode($0) })
        else { return }
        let offsets = SpecimenSegment(bytes, bootID: []).frames.map(\.offset)
        guard !offsets.isEmpty else { return }
        let offset = offsets[number(0..<offsets.count)]
        var length = Int(little(bytes, offset) as UInt32)
        guard length >= Frame.headerSize, offset + (length + 7) / 8 * 8 <= bytes.count else { return }
        isForged = true
        switch number(0..<5) {
        case 0:
            let index = limit(UInt64(little(bytes, offset + 8) as UInt32))
            for byte in 0..<4 { bytes[offset + 8 + byte] = UInt8(truncatingIfNeeded: index >> (8 * byte)) }
        case 1: bytes[offset + 16] = [1, 2, 3, 4, 0x7F, 0x81, 0x82, 0x83, 0x84, 0x90][number(0..<10)]
        case 2: for byte in 0..<4 { bytes[offset + 12 + byte] = UInt8(number(0..<256)) }
        case 3: length = max(Frame.headerSize, length - 8 * number(0..<4))
        default: if length > 24 { bytes[offset + number(24..<length)] ^= UInt8(number(1..<256)) }
        }
        for byte in 0..<4 { bytes[offset + byte] = UInt8(truncatingIfNeeded: length >> (8 * byte)) }
        sealFrame(&bytes, header, at: offset)
        changes.append("the frame at \(offset) of \(name) is forged")
    }

    private mutating func forgeFooter(_ bytes: inout [UInt8], _ name: String) {
        guard bytes.count > SegmentHeader.size + 100,
            case .header(let header, _) = bytes.withUnsafeBytes({ SegmentHeader.decode($0) }),
            let offset = SpecimenSegment(bytes, bootID: []).frames.last?.offset,
            bytes[offset + 16] == Frame.Kind.footer.rawValue
        else { return damageOnce() }
        if number(0..<2) == 0 {
            bytes[offset + 16] = 1
            bytes[bytes.count - 1] ^= 0xFF
            changes.append("the footer of \(name) is a record, and its last byte is wrong")
            return
        }
        isForged = true
        let place = offset + 24 + 8 * number(0..<8)
        let value = limit(little(bytes, place))
        for byte in 0..<8 { bytes[place + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte)) }
        sealFrame(&bytes, header, at: offset)
        changes.append("the footer of \(name) is forged at \(place)")
    }
}

/// Corrects the checksum of the frame at an offset of a segment for its present bytes.
func sealFrame(_ bytes: inout [UInt8], _ header: SegmentHeader, at offset: Int) {
    let length = Int(little(bytes, offset) as UInt32)
    let seed = Frame.seed(logID: header.logID, incarnation: header.incarnation)
    bytes.withUnsafeMutableBytes { file in
        guard let base = file.baseAddress else { return }
        let checksum = Frame.checksum(
            seed: seed, offset: offset, length: length, frame: UnsafeRawPointer(base + offset))
        (base + offset).store(checksum, at: 4)
    }
}
