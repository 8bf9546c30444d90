import Testing

@testable import WAL

@Suite struct MappingTests {
    /// A sync releases pages from the page tables. Their bytes stay in memory and in the file, and a page that is being written
    /// stays, too.
    @Test func releasedPagesKeepTheirBytes() throws {
        let directory = TemporaryDirectory()
        let place = try Directory.make(directory.path)
        let size = 64 << 10
        let file = try File("pages", in: place, .create)
        try file.truncate(to: size)
        let mapping = try Mapping(file, size: size, isWritable: true)
        let expected = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 11) }
        let stored = size - 100
        mapping.base.copyMemory(from: expected, byteCount: stored)
        mapping.releasePages(in: 5000..<stored)
        (mapping.base + stored).copyMemory(from: Array(expected[stored...]), byteCount: size - stored)
        #expect(Array(mapping.bytes) == expected)
        mapping.releasePages(in: 0..<size * 2)
        #expect(try file.read(at: 0, count: size) == expected)
    }
}
