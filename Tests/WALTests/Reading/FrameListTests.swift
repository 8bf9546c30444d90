import Foundation
import Testing

@testable import WAL

/// `wal dump --frames` lists a segment's bytes. It ended without a word at a place that has no frame, and took a frame
/// for valid that the log's readers refuse.
@Suite struct FrameListTests {
    /// Two records of 32 bytes each. There may be a place for another one between them.
    private static func segment(hasHole: Bool, isSealed: Bool) -> HandmadeSegment {
        var segment = HandmadeSegment()
        segment.add(.record, [1])
        if hasHole { segment.add(raw: [UInt8](repeating: 0, count: 32)) }
        segment.add(.record, [2])
        if isSealed { segment.seal(durableDistance: 0) } else { segment.fill() }
        return segment
    }

    private static func frames(_ segment: HandmadeSegment, in directory: TemporaryDirectory) throws -> [FrameInfo] {
        try segment.write(to: directory.path)
        var frames: [FrameInfo] = []
        try ReadOnlyLog(at: directory.path).forEachFrame { frame in
            frames.append(frame)
            return true
        }
        return frames
    }

    @Test(arguments: [false, true]) func aPlaceWithoutAFrameIsAProblem(isSealed: Bool) throws {
        let frames = try Self.frames(Self.segment(hasHole: true, isSealed: isSealed), in: TemporaryDirectory())
        #expect(frames.map(\.problem) == [nil, "commitWord"])
        #expect(frames.map(\.offset) == [1024, 1056])
        #expect(frames.map(\.sequence) == [1, 2])
    }

    @Test(arguments: [false, true]) func theEndOfAllFramesIsNone(isSealed: Bool) throws {
        let frames = try Self.frames(Self.segment(hasHole: false, isSealed: isSealed), in: TemporaryDirectory())
        #expect(frames.allSatisfy { $0.problem == nil })
        let kinds: [String?] = isSealed ? ["record", "record", "footer"] : ["record", "record"]
        #expect(frames.map(\.kind) == kinds)
    }

    /// A producer may be about to commit its frame.
    @Test(arguments: [false, true]) func aClaimOfAWriterIsNone(isSealed: Bool) throws {
        let directory = TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
        let lock = open(directory.path, O_RDONLY)
        defer { close(lock) }
        try #require(flock(lock, LOCK_EX | LOCK_NB) == 0)
        let frames = try Self.frames(Self.segment(hasHole: true, isSealed: isSealed), in: directory)
        let problems: [String?] = isSealed ? [nil, "commitWord"] : [nil]
        #expect(frames.map(\.problem) == problems)
    }

    @Test func aRecordIndexThatIsTooLowIsAProblem() throws {
        var segment = HandmadeSegment()
        for byte in [1, 2] as [UInt8] { segment.add(.record, [byte]) }
        let place = segment.add(.record, [3], recordIndex: 0)
        segment.seal(durableDistance: 0)
        let frames = try Self.frames(segment, in: TemporaryDirectory())
        #expect(frames.map(\.problem) == [nil, nil, "recordIndex"])
        #expect(frames.last?.offset == place)
    }
}
