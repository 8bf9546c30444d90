import Foundation
import Testing

@testable import WAL

@Suite struct AppendTests {
    @Test(arguments: [WriteAheadLog.SyncPolicy.always, .interval(.milliseconds(2)), .bytes(4096), .manual])
    func whatIsAppendedIsReadBackInOrderAndAfterReopening(_ policy: WriteAheadLog.SyncPolicy) throws {
        let directory = TemporaryDirectory()
        let count = policy == .always ? 100 : 2500
        do {
            let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small(policy))
            for number in 1...count { #expect(try log.appendBlocking(payload(number)).rawValue == UInt64(number)) }
            #expect(try readAll(log.reader()).map(\.payload) == (1...count).map { payload($0) })
            if policy == .always { #expect(log.durableSequence.rawValue == UInt64(count)) }
            try log.closeBlocking()
        }
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small(policy))
        #expect(log.recovery.findings.isEmpty)
        #expect(log.lastSequence.rawValue == UInt64(count))
        #expect(try readAll(log.reader()).map(\.payload) == (1...count).map { payload($0) })
        #expect(try log.appendBlocking([1]).rawValue == UInt64(count + 1))
        try log.closeBlocking()
    }

    @Test func batchesAreReadBackWithTheirBookmark() throws {
        let directory = TemporaryDirectory()
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        for round in 0..<20 {
            var batch = RecordBatch()
            for number in 1...100 { batch.append(payload(round * 100 + number, size: 64)) }
            let mark = Bookmark(name: "input", position: UInt64(round), metadata: [1, 2, 3])
            #expect(try log.appendBlocking(batch, bookmark: mark).rawValue == UInt64((round + 1) * 100))
        }
        #expect(try readAll(log.reader(from: 951)).map(\.payload) == (951...2000).map { payload($0, size: 64) })
        try log.closeBlocking()
        let reopened = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        #expect(reopened.bookmarks["input"] == Bookmark(name: "input", position: 19, metadata: [1, 2, 3]))
        #expect(try readAll(reopened.reader()).count == 2000)
    }

    @Test(arguments: [WriteAheadLog.SyncPolicy.always, .interval(.milliseconds(1)), .manual])
    func eightThreadsAppendAndEachNumberIsGivenOnce(_ policy: WriteAheadLog.SyncPolicy) throws {
        let directory = TemporaryDirectory()
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small(policy))
        let perThread = policy == .always ? 100 : 2500
        let numbers = Monitor<[UInt64: [UInt8]]>([:])
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            for index in 0..<perThread {
                let bytes = payload(thread * perThread + index, size: 20 + index % 300)
                guard let sequence = try? log.appendBlocking(bytes) else { return }
                numbers.withLock { $0[sequence.rawValue] = bytes }
            }
        }
        let expected = numbers.withLock { $0 }
        #expect(expected.count == 8 * perThread)
        let records = try readAll(log.reader())
        #expect(records.map(\.sequence.rawValue) == (1...UInt64(8 * perThread)).map { $0 })
        #expect(records.allSatisfy { expected[$0.sequence.rawValue] == $0.payload })
        try log.closeBlocking()
    }

    @Test func tasksWaitForDurability() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<500 {
                group.addTask {
                    let sequence = try await log.appendDurably(payload(number))
                    #expect(log.durableSequence >= sequence)
                }
            }
            try await group.waitForAll()
        }
        try await log.close()
    }
}
