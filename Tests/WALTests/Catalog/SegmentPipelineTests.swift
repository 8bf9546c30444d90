import Testing

@testable import WAL

/// When the pipeline decides to make a segment, without threads and files.
@Suite struct SegmentPipelineTests {
    private let capacity = 8 << 20

    private func surroundings(_ diskSize: Int, budget: Int? = nil, unsealed: Bool = false)
        -> SegmentPipeline.Surroundings
    {
        SegmentPipeline.Surroundings(readyMax: 2, budget: budget, diskSize: diskSize, hasUnsealedEnd: unsealed)
    }

    private let full = WALError(.logFull, "full")

    private func next(
        _ pipeline: inout SegmentPipeline, _ surroundings: SegmentPipeline.Surroundings, removable: Bool = false
    ) -> SegmentPipeline.Step? {
        pipeline.next(surroundings, isOldestRemovable: { _ in removable }, logFull: { full })
    }

    /// A pipeline whose files have reached the configured size.
    private func grown(nextNumber: UInt64 = 1) -> SegmentPipeline {
        var pipeline = SegmentPipeline(nextNumber: nextNumber, capacity: capacity, first: 256 << 10)
        for _ in 1...5 { pipeline.segmentEndedBySize() }
        return pipeline
    }

    private func size(_ pipeline: inout SegmentPipeline) -> Int? {
        if case .make(_, let size, _)? = next(&pipeline, surroundings(0)) { size } else { nil }
    }

    @Test func `numbers of segments rise`() {
        var pipeline = grown(nextNumber: 4)
        for number: UInt64 in 4...6 {
            #expect(next(&pipeline, surroundings(0)) == .make(number: number, capacity: capacity, least: 64 << 10))
        }
    }

    @Test func `files grow from one that is used up to the next`() {
        var pipeline = SegmentPipeline(nextNumber: 1, capacity: capacity, first: 256 << 10)
        for expected in [256 << 10, 1 << 20, 4 << 20, 8 << 20, 8 << 20] {
            #expect(size(&pipeline) == expected)
            pipeline.segmentEndedBySize()
        }
    }

    @Test func `a large record makes the next file as large as it needs`() {
        var pipeline = SegmentPipeline(nextNumber: 1, capacity: capacity, first: 256 << 10)
        pipeline.demand(for: 1_000_000)
        #expect(size(&pipeline) == 31 * (64 << 10))
        pipeline.demand(for: 100)
        #expect(size(&pipeline) == 31 * (64 << 10))
        pipeline.demand(for: 5_000_000)
        #expect(size(&pipeline) == capacity)
    }

    @Test func `a file takes at most half of the free space, but what an append needs`() {
        func capacity(least: Int = 64 << 10, free: UInt64?) -> Int {
            SegmentPipeline.capacity(64 << 20, least: least, free: free)
        }
        #expect(capacity(free: nil) == 64 << 20)
        #expect(capacity(free: 128 << 20) == 64 << 20)
        #expect(capacity(free: 60 << 20) == 30 << 20)
        #expect(capacity(free: 300 << 10) == 128 << 10)
        #expect(capacity(free: 0) == 64 << 10)
        #expect(capacity(least: 1 << 20, free: 300 << 10) == 1 << 20)
    }

    @Test func `a small configured size is that of all files`() {
        var pipeline = SegmentPipeline(nextNumber: 1, capacity: 64 << 10, first: 256 << 10)
        #expect(size(&pipeline) == 64 << 10)
    }

    @Test func `a used-up budget removes what retention lets go, and fails waiters otherwise`() {
        var pipeline = grown()
        let used = surroundings(3 * capacity, budget: 3 * capacity)
        #expect(next(&pipeline, used, removable: true) == .freeSpace(sizeMax: 2 * capacity))
        // No append waits, so there is nothing to do.
        #expect(next(&pipeline, used) == nil)
        pipeline.demand()
        // A consumer in another process may have moved its cursor.
        #expect(next(&pipeline, used) == .refreshConsumers)
        var moved = pipeline
        #expect(next(&moved, used, removable: true) == .freeSpace(sizeMax: 2 * capacity))
        #expect(next(&pipeline, used) == .failWaitersOverBudget)
        #expect(pipeline.isOverBudget)
        #expect(pipeline.obstacle?.code == .logFull)
        #expect(next(&pipeline, surroundings(0)) == nil)
        pipeline.recheckBudget()
        #expect(next(&pipeline, surroundings(0)) != nil)
    }

    @Test func `waiters don't fail while a pending seal may make a file smaller`() {
        var pipeline = grown()
        pipeline.demand()
        #expect(next(&pipeline, surroundings(3 * capacity, budget: 3 * capacity, unsealed: true)) == nil)
        #expect(!pipeline.isOverBudget)
    }

    @Test func `a failure stops the pipeline until an append asks again later`() {
        var pipeline = grown()
        pipeline.fail(WALError(.diskFull, "full"))
        #expect(next(&pipeline, surroundings(0)) == nil)
        // The disk isn't tried again at once.
        pipeline.demand()
        #expect(pipeline.failure(for: 0)?.code == .diskFull)
        #expect(pipeline.obstacle?.code == .diskFull)
    }

    /// One append that needs more than the disk has made all appends fail.
    @Test func `a disk without space for a large segment is asked for a small one`() {
        var pipeline = grown()
        pipeline.demand(for: 3 << 20)
        #expect(next(&pipeline, surroundings(0)) == .make(number: 1, capacity: capacity, least: 6 << 20))
        pipeline.fail(WALError(.diskFull, "full"))
        #expect(pipeline.failure(for: 3 << 20)?.code == .diskFull)
        #expect(pipeline.failure(for: 100) == nil)
        #expect(next(&pipeline, surroundings(0)) == .make(number: 2, capacity: capacity, least: 64 << 10))
        // A repetition asks the disk no sooner than after a pause.
        pipeline.demand(for: 3 << 20)
        #expect(pipeline.failure(for: 3 << 20)?.code == .diskFull)
        pipeline.fail(WALError(.diskFull, "full"))
        #expect(pipeline.failure(for: 100)?.code == .diskFull)
    }

    /// The demand of a large append was forgotten when a file came that was begun before it.
    @Test func `a file that is too small leaves the demand for a large one`() throws {
        let directory = TemporaryDirectory()
        var pipeline = grown()
        _ = next(&pipeline, surroundings(0))
        pipeline.demand(for: 3 << 20)
        pipeline.add(
            try PreparedSegment.make(
                in: Directory.make(directory.path), number: 1, logID: LogID(low: 1, high: 2), capacity: 64 << 10,
                policy: .manual,
                pause: {}), isCut: true)
        #expect(pipeline.isDemanded)
        #expect(next(&pipeline, surroundings(0)) == .make(number: 2, capacity: 6 << 20, least: 6 << 20))
    }

    @Test func `segments that end by their records make the next file smaller, and by their size as large as can be`() {
        var pipeline = grown()
        pipeline.segmentEndedByRecords(at: SegmentEnd(offset: 100_000, recordCount: 10))
        #expect(size(&pipeline) == capacity / 2)
        for _ in 0..<5 { pipeline.segmentEndedByRecords(at: SegmentEnd(offset: 100_000, recordCount: 10)) }
        #expect(size(&pipeline) == 1 << 20)
        pipeline.segmentEndedBySize()
        #expect(size(&pipeline) == capacity)
    }
}
