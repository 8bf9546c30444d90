#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// An id as a key, compared by its bytes as databases do with a binary collation. Swift compares strings by Unicode
/// equivalence instead.
struct BinaryID: Hashable {
    let text: String

    init(_ text: String) {
        self.text = text
    }

    static func == (left: BinaryID, right: BinaryID) -> Bool {
        left.text.hasBytes(of: right.text)
    }

    func hash(into hasher: inout Hasher) {
        unsafe text.utf8.span.withUnsafeBytes { bytes in unsafe hasher.combine(bytes: bytes) }
    }

    /// Returns whether two buffers of the same size have the same bytes.
    static func areEqual(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        guard let start = left.baseAddress, let other = right.baseAddress else { return true }
        return unsafe memcmp(start, other, left.count) == 0
    }
}

extension String {
    /// Returns whether two strings have the same UTF-8 bytes.
    func hasBytes(of other: String) -> Bool {
        let (own, others) = (utf8.span, other.utf8.span)
        guard own.count == others.count else { return false }
        return unsafe own.withUnsafeBytes { own in
            unsafe others.withUnsafeBytes { others in unsafe BinaryID.areEqual(own, others) }
        }
    }

    /// Whether the string holds U+0000.
    var hasNul: Bool {
        unsafe utf8.span.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return false }
            return unsafe memchr(start, 0, bytes.count) != nil
        }
    }
}
