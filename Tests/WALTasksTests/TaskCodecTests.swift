import TestSupport
import Testing
import WAL
import WALDelivery

@testable import WALTasks

@Suite struct TaskCodecTests {
    private func decode(_ bytes: [UInt8]) throws(TaskCodecError) -> TaskMutation {
        try TaskCodec.decode(bytes.span.bytes)
    }

    private static let examples: [TaskMutation] = {
        var mutations = RandomMutations(seed: 1)
        mutations.barrierChance = 0.2
        return mutations.list(300)
    }()

    @Test func whatIsEncodedIsDecoded() throws {
        for mutation in Self.examples {
            let bytes = TaskCodec.encode(mutation)
            #expect(bytes.count == TaskCodec.size(of: mutation))
            #expect(try decode(bytes) == mutation)
        }
    }

    @Test func extremesSurvive() throws {
        var task = PersistentTask(
            id: "", dagID: "", nodeID: "", payload: String(repeating: "ü", count: 70_000),
            createdAt: Timestamp(rawValue: .min))
        task.updatedAt = Timestamp(rawValue: .max)
        task.startedAt = Timestamp(rawValue: .min)
        task.completedAt = Timestamp(rawValue: 0)
        task.retryCount = .min
        task.maxRetries = .max
        task.error = ""
        #expect(try decode(TaskCodec.encode(.save(task))) == .save(task))
    }

    /// The worked example of the specification.
    @Test func exampleOfTheSpecification() throws {
        let task = PersistentTask(
            id: "t1", dagID: "d", nodeID: "n", payload: "{}", status: .running,
            createdAt: Timestamp(rawValue: 1_700_000_000_000_000),
            updatedAt: Timestamp(rawValue: 1_700_000_000_000_150),
            startedAt: Timestamp(rawValue: 1_700_000_000_000_100), priority: -5)
        let hex = "01 01 03 74 31 09 00 40 1e 18 24 0a 06 00 ac 02 c8 01 00 06 09 02 64 02 6e 00 00 00 03 7b 7d 00"
        let bytes = hex.split(separator: " ").compactMap { UInt8($0, radix: 16) }
        #expect(TaskCodec.encode(.save(task)) == bytes)
        #expect(try decode(bytes) == .save(task))
        #expect(TaskCodec.key(of: bytes.span.bytes) == 0x08C7_FF07_BDAD_A111)
    }

    @Test func cutPayloadsAreErrors() throws {
        for mutation in Self.examples {
            let bytes = TaskCodec.encode(mutation)
            for size in 0..<bytes.count {
                #expect(throws: TaskCodecError.self) { try decode(Array(bytes[..<size])) }
            }
        }
    }

    @Test func damagedPayloadsNeverTrap() throws {
        for mutation in Self.examples.prefix(60) {
            let bytes = TaskCodec.encode(mutation)
            for index in bytes.indices {
                for bit in 0..<8 {
                    var damaged = bytes
                    damaged[index] ^= 1 << bit
                    _ = TaskCodec.key(of: damaged.span.bytes)
                    if let other = try? decode(damaged) { #expect(TaskCodec.encode(other) == damaged) }
                }
            }
        }
    }

    @Test func errorsSayWhatAndWhere() {
        #expect(throws: TaskCodecError(.truncated, at: 0)) { try decode([]) }
        #expect(throws: TaskCodecError(.unknownVersion, at: 0)) { try decode([2, 1]) }
        #expect(throws: TaskCodecError(.unknownKind, at: 1)) { try decode([1, 99]) }
        #expect(throws: TaskCodecError(.invalidField, at: 2)) { try decode([1, 4, 0]) }
        #expect(throws: TaskCodecError(.trailingBytes, at: 4)) { try decode([1, 4, 2, 0x61, 0]) }
        #expect(throws: TaskCodecError(.invalidField, at: 3)) { try decode([1, 4, 2, 0xFF]) }
        // The decoder must reject a length beyond the payload before it allocates memory for it.
        #expect(throws: TaskCodecError(.truncated, at: 2)) {
            try decode([1, 4, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 0x61])
        }
        #expect(throws: TaskCodecError(.invalidField, at: 2)) {
            try decode([1, 4, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 2, 0x61])
        }
        #expect(throws: TaskCodecError(.invalidField, at: 2)) { try decode([1, 4, 0x82, 0, 0x61]) }
    }

    @Test func keysFollowTheTask() {
        for mutation in Self.examples {
            let key = TaskCodec.key(of: TaskCodec.encode(mutation).span.bytes)
            #expect(key == mutation.taskID.map { StableHash.of($0) })
        }
    }

    @Test func undecodablePayloadsHaveOneKey() {
        for bytes: [UInt8] in [[], [1], [9, 1, 2, 0x61], [1, 99], [1, 1, 0], [1, 1, 5, 0x61]] {
            #expect(TaskCodec.key(of: bytes.span.bytes) == 0)
        }
    }

    @Test func keysSpreadOverLanes() {
        var counts = [Int](repeating: 0, count: 16)
        for number in 0..<16_000 {
            counts[Int(StableHash.of("task-\(number)") % 16)] += 1
        }
        #expect(counts.allSatisfy { (800...1200).contains($0) }, "\(counts)")
    }
}
