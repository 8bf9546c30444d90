import Foundation
import Testing

@testable import WAL

/// Concurrent claims of producers on one claim word.
@Suite struct ClaimTests {
    /// If the offset overflowed into the count, two records would get one number, or one place.
    @Test(arguments: [24, 4096, ClaimWord.additionSizeMax, ClaimWord.additionSizeMax + 8, 1 << 20])
    func claimsPastTheEndNeverOverflow(_ size: Int) async throws {
        let limit = 1 << 22
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 8, alignment: 8)
        defer { memory.deallocate() }
        let slots = AppendSlots(frameLimit: limit, base: memory)
        let slot = slots.all[0]
        for _ in 0..<20 {
            await Task.yield()
            slot.open(used: SegmentHeader.size)
            let claims = Monitor<[(Int, Int)]>([])
            let ends = Monitor<[SegmentEnd]>([])
            DispatchQueue.concurrentPerform(iterations: 16) { thread in
                while true {
                    // One thread has another size, so that claims cross the end at different places.
                    let size = thread == 3 ? 48 : size
                    switch size <= ClaimWord.additionSizeMax
                        ? slot.claimByAddition(size: size) : slot.claimByExchange(size: size, records: 1)
                    {
                    case .claimed(let offset, let index): claims.withLock { $0.append((offset, index)) }
                    case .crossed(let end): return ends.withLock { $0.append(end) }
                    case .closed: return
                    }
                }
            }
            let all = claims.withLock { $0 }.sorted { $0.0 < $1.0 }
            #expect(all.map(\.1) == Array(0..<all.count))
            #expect(zip(all, all.dropFirst()).allSatisfy { $1.0 - $0.0 == size || $1.0 - $0.0 == 48 })
            let end = try #require(ends.withLock { $0 }.first)
            #expect(ends.withLock { $0.count } == 1)
            #expect(end.recordCount == UInt64(all.count) && end.offset <= limit)
            #expect(slot.close() == nil)
        }
        withExtendedLifetime(slots) {}
    }

    @Test func aSegmentTakesNoMoreRecordsThanItsWordCounts() {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 8, alignment: 8)
        defer { memory.deallocate() }
        let slots = AppendSlots(frameLimit: 1 << 22, base: memory)
        let slot = slots.all[0]
        for records in 1...2 {
            slot.open(used: SegmentHeader.size)
            guard case .claimed = slot.claimByExchange(size: 64, records: SegmentHeader.recordCountMax - 1),
                case .claimed = slot.claimByAddition(size: 64),
                case .crossed(let end) = records == 1
                    ? slot.claimByAddition(size: 64) : slot.claimByExchange(size: 64, records: records)
            else {
                Issue.record("the last record isn't taken, or one too many is")
                return
            }
            #expect(end.recordCount == UInt64(SegmentHeader.recordCountMax))
        }
    }
}
