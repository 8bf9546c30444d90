/// Little-endian integers at byte offsets of raw memory, to read and write the layouts of FORMAT.md.
extension UnsafeRawPointer {
    @inline(__always)
    func load<Number: FixedWidthInteger>(_: Number.Type = Number.self, at offset: Int) -> Number {
        unsafe Number(littleEndian: loadUnaligned(fromByteOffset: offset, as: Number.self))
    }
}

extension UnsafeMutableRawPointer {
    @inline(__always)
    func store(_ number: some FixedWidthInteger, at offset: Int) {
        unsafe storeBytes(of: number.littleEndian, toByteOffset: offset, as: type(of: number))
    }
}

extension [UInt8] {
    /// Appends an integer, little-endian.
    mutating func add(_ number: some FixedWidthInteger) {
        unsafe Swift.withUnsafeBytes(of: number.littleEndian) { unsafe append(contentsOf: $0) }
    }

    /// Appends zeros up to a multiple of eight bytes.
    mutating func pad() {
        append(contentsOf: repeatElement(0, count: roundedUp8(count) - count))
    }
}

/// A reader of a file's bytes that never reads past their end. Each function returns nil if too few bytes are left.
@safe
struct ByteReader {
    private let bytes: UnsafeRawBufferPointer
    private(set) var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        unsafe self.bytes = unsafe bytes
    }

    var remaining: Int { unsafe bytes.count - offset }

    mutating func number<Number: FixedWidthInteger>(_: Number.Type = Number.self) -> Number? {
        guard remaining >= MemoryLayout<Number>.size else { return nil }
        defer { offset += MemoryLayout<Number>.size }
        return unsafe Number(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Number.self))
    }

    mutating func bytes(_ count: Int) -> [UInt8]? {
        guard count >= 0, remaining >= count else { return nil }
        defer { offset += count }
        return unsafe Array(bytes[offset..<offset + count])
    }

    /// Returns the next bytes in place, without copying them.
    mutating func skip(_ count: Int) -> UnsafeRawBufferPointer? {
        guard count >= 0, remaining >= count else { return nil }
        defer { offset += count }
        return unsafe UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
    }

    /// Skips to a multiple of eight bytes.
    mutating func align() -> Bool {
        guard unsafe roundedUp8(offset) <= bytes.count else { return false }
        offset = roundedUp8(offset)
        return true
    }
}

@inline(__always)
func roundedUp8(_ count: Int) -> Int {
    (count + 7) & ~7
}
