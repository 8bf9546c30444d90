import Foundation
import Testing
import WALTesting

@testable import WAL

/// Any system call may fail. After a failure the log must not block, call a record durable that isn't, leak a descriptor, or stay
/// closed.
@Suite(.serialized) struct ErrorTests {
    struct Way: Sendable, CustomStringConvertible {
        var policy: WriteAheadLog.SyncPolicy
        var fault: StorageFault
        /// The number of calls in a row that fail.
        var times: Int

        var description: String { "\(policy), \(fault), \(times) times" }

        static let all = [WriteAheadLog.SyncPolicy.always, .manual].flatMap { policy in
            [
                Way(policy: policy, fault: .inputOutput, times: 1), Way(policy: policy, fault: .inputOutput, times: 5),
                Way(policy: policy, fault: .diskFull, times: 1), Way(policy: policy, fault: .diskFull, times: 1000),
                Way(policy: policy, fault: .inputOutput, times: 1000),
                Way(policy: policy, fault: .interrupted, times: 3),
                Way(policy: policy, fault: .short, times: 3), Way(policy: policy, fault: .losingPages, times: 1),
            ]
        }
    }

    @Test(.timeLimit(.minutes(10)), arguments: Way.all)
    func anErrorAtEachCallInTurn(_ way: Way) throws {
        let (callCount, violations) = try Self.live(way.policy, recording: false) { _ in }
        #expect(violations == [])
        #expect(callCount > 100)
        // A few more than the calls of one run, because threads make a varying number of calls.
        let place = Way.all.firstIndex { $0.description == way.description } ?? 0
        Torture.run("an error at every call", filter: "ErrorTests", cases: 1...callCount + 5) { number in
            // The short form tries one call in 40, and different ones for each way.
            guard Torture.isLong || (Int(number) + place) % 40 == 0 else { return ([], 0) }
            let (_, violations) = try Self.live(way.policy, recording: way.fault == .losingPages) { storage in
                storage.fail(at: Int(number), times: way.times, with: way.fault)
            }
            return (violations, 1)
        }
    }

    /// Each write in turn stores a part of its bytes. The short form of the previous test rarely does that.
    @Test(.timeLimit(.minutes(10)), arguments: [WriteAheadLog.SyncPolicy.always, .manual])
    func eachWriteInTurnStoresAPart(_ policy: WriteAheadLog.SyncPolicy) throws {
        var tried = 0
        var isInjected = true
        while isInjected {
            tried += 1
            var used: FaultyStorage?
            let (_, violations) = try Self.live(policy, recording: false) { storage in
                storage.fail(.write, at: tried, with: .short)
                used = storage
            }
            #expect(violations == [], "write \(tried)")
            isInjected = used?.injectedFaults.isEmpty == false
        }
        #expect(tried > 5)
    }

    /// One call in several fails, in some cases with an error that the kernel then forgets.
    @Test(.timeLimit(.minutes(24 * 60))) func errorsAtRandomCalls() {
        Torture.run("errors at random", filter: "ErrorTests.errorsAtRandomCalls", count: 40, long: 200) { seed in
            let (_, violations) = try Self.live(seed % 2 == 0 ? .always : .manual, recording: true) { storage in
                storage.failRandomly(seed: seed, oneIn: 3 + Int(seed % 60))
            }
            return (violations, 1)
        }
    }

    /// The second log opens and can't be read, because mapping fails. Its closing loses the pages of the segment's footer and has
    /// no space to write it elsewhere. One round in ten reported damage without a cause.
    @Test func aLogThatCannotBeReadLosesPagesWhenItCloses() throws {
        let faults: [(StorageOperation, Int, StorageFault)] = [
            (.open, 7, .diskFull), (.sync, 2, .diskFull), (.lock, 4, .inputOutput), (.open, 13, .diskFull),
            (.open, 14, .inputOutput), (.read, 2, .short), (.map, 4, .inputOutput), (.sync, 7, .losingPages),
            (.open, 24, .diskFull),
        ]
        for _ in 0..<40 {
            let (_, violations) = try Self.live(.manual, recording: true) { storage in
                for (operation, number, fault) in faults { storage.fail(operation, at: number, with: fault) }
            }
            #expect(violations == [])
        }
    }

    /// Returns the number of calls, and the violations.
    static func live(
        _ policy: WriteAheadLog.SyncPolicy, recording: Bool, failing: (FaultyStorage) -> Void
    ) throws -> (callCount: Int, [LogHistory.Violation]) {
        let root = LogImage.directory()
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: root) }
        let storage = try FaultyStorage(root, recording: recording)
        failing(storage)
        var life = ScriptedLife(in: root + "/log", policy)
        for _ in 0..<2 { life.live { storage.injectedFaults } }
        storage.heal()
        let callCount = storage.callCount
        let left = OpenFiles.left(of: root)
        if !left.isEmpty { life.violations.append(LogHistory.Violation(.finding, "left open: \(left)")) }
        let log = try life.open()
        try log.closeBlocking()
        let faults = LogHistory.Violation(.finding, "with these errors: \(storage.injectedFaults)")
        return (callCount, life.violations + (life.violations.isEmpty ? [] : [faults]))
    }
}
