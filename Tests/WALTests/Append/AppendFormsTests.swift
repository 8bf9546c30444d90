import Dispatch
import Foundation
import TestSupport
import Testing

@testable import WAL

/// Each form of `append` must store the same bytes, wait only where its documentation says so, and keep its guarantee when it
/// returns. The other suites use one form each, so they don't find an error in another form.
@Suite struct AppendFormsTests {
    private static let bytes = payload(7)

    private func text() throws -> String { try #require(String(validating: Self.bytes, as: UTF8.self)) }

    /// The payloads of a log that was appended to by `body`, after a close and a reopening.
    private func payloads(_ body: (WriteAheadLog) async throws -> Void) async throws -> [[UInt8]] {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        try await body(log)
        try await log.close()
        let again = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        defer { withExtendedLifetime(directory) {} }
        let found = try readAll(again.reader()).map(\.payload)
        try await again.close()
        return found
    }

    @Test func `suspending forms store the same bytes`() async throws {
        let (bytes, text) = (Self.bytes, try text())
        let found = try await payloads { log in
            try await log.append(bytes.span.bytes)
            try await log.append(bytes.span)
            try await log.append(bytes)
            try await log.append(bytes.lazy.map { $0 })
            try await log.append(text)
            try await log.append(count: bytes.count) { output in
                for byte in bytes { output.append(byte, as: UInt8.self) }
            }
            var batch = RecordBatch()
            batch.append(bytes)
            #expect(try await log.append(batch) == 7)
            #expect(try await log.appendDurably(bytes) == 8)
            #expect(log.durableSequence == 8)
        }
        #expect(found == Array(repeating: bytes, count: 8))
    }

    @Test func `blocking forms store the same bytes`() async throws {
        let (bytes, text) = (Self.bytes, try text())
        let found = try await payloads { log in
            try await Blocking.run {
                try log.appendBlocking(bytes.span.bytes)
                try log.appendBlocking(bytes.span)
                try log.appendBlocking(bytes)
                try log.appendBlocking(bytes.lazy.map { $0 })
                try log.appendBlocking(text)
                try log.appendBlocking(count: bytes.count) { output in
                    for byte in bytes { output.append(byte, as: UInt8.self) }
                }
                var batch = RecordBatch()
                batch.append(bytes)
                #expect(try log.appendBlocking(batch) == 7)
                #expect(try log.syncBlocking() == 7)
                try log.waitUntilDurableBlocking(7)
                try log.rollBlocking()
                log.applyRetentionBlocking()
            }
        }
        #expect(found == Array(repeating: bytes, count: 7))
    }

    @Test func `trying forms store the same bytes`() async throws {
        let (bytes, text) = (Self.bytes, try text())
        let found = try await payloads { log in
            #expect(try log.tryAppend(bytes.span.bytes) == 1)
            #expect(try log.tryAppend(bytes.span) == 2)
            #expect(try log.tryAppend(bytes) == 3)
            #expect(try log.tryAppend(bytes.lazy.map { $0 }) == 4)
            #expect(try log.tryAppend(text) == 5)
            let sixth = try log.tryAppend(count: bytes.count) { output in
                for byte in bytes { output.append(byte, as: UInt8.self) }
            }
            #expect(sixth == 6)
            var batch = RecordBatch()
            batch.append(bytes)
            #expect(try log.tryAppend(batch, bookmark: Bookmark(name: "producer", position: 3)) == 7)
            #expect(log.bookmarks["producer"]?.position == 3)
        }
        #expect(found == Array(repeating: bytes, count: 7))
    }

    private struct Refusal: Error {}

    /// The frame of such a record would overwrite the frame of another producer.
    @Test(arguments: [-1, -24, -64, Int.min])
    func `a record with a negative count is refused, and nothing is appended`(_ count: Int) async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        let suspending = await #expect(throws: WALError.self) { try await log.append(count: count) { _ in } }
        let suspendingWithErrors = await #expect(throws: WALError.self) {
            try await log.append(count: count) { (_) throws(Refusal) in throw Refusal() }
        }
        let blocking = await Blocking.run {
            #expect(throws: WALError.self) { try log.appendBlocking(count: count) { _ in } }
        }
        let blockingWithErrors = await Blocking.run {
            #expect(throws: WALError.self) {
                try log.appendBlocking(count: count) { (_) throws(Refusal) in throw Refusal() }
            }
        }
        let trying = #expect(throws: WALError.self) { try log.tryAppend(count: count) { _ in } }
        let tryingWithErrors = #expect(throws: WALError.self) {
            try log.tryAppend(count: count) { (_) throws(Refusal) in throw Refusal() }
        }
        let errors = [suspending, suspendingWithErrors, blocking, blockingWithErrors, trying, tryingWithErrors]
        #expect(errors.allSatisfy { $0?.code == .invalidArgument })
        #expect(log.lastSequence == .zero)
        #expect(try await log.append(Self.bytes) == 1)
        #expect(try readAll(log.reader()).map(\.payload) == [Self.bytes])
        try await log.close()
    }

    @Test func `a batch takes no record with a negative count`() async {
        await #expect(processExitsWith: .failure) {
            var batch = RecordBatch()
            batch.append([1, 2, 3])
            batch.append(count: -1, initializingWith: { _ in })
        }
    }

    /// With an hour to wait for space, a form that waited would never return.
    @Test func `tryAppend returns nil while no segment is ready, and appends when one is`() async throws {
        let directory = TemporaryDirectory()
        var configuration = WriteAheadLog.Configuration.small()
        configuration.segmentSize = 64 << 10
        configuration.diskBudget = 4 * configuration.segmentSize
        configuration.whenFull = .wait(.seconds(3600))
        let log = try await WriteAheadLog.open(at: directory.path, configuration: configuration)
        try log.setCursor("consumer", to: 0)
        let bytes = payload(1, size: 4000)
        var last: SequenceNumber = .zero
        while !log.isFull {
            if let sequence = try log.tryAppend(bytes) {
                last = sequence
            } else {
                try await Task.sleep(for: .milliseconds(1))
            }
        }
        var batch = RecordBatch()
        batch.append(bytes)
        #expect(try log.tryAppend(batch, bookmark: Bookmark(name: "producer", position: 1)) == nil)
        #expect(log.bookmarks.isEmpty)
        #expect(log.lastSequence == last)
        try log.setCursor("consumer", to: last)
        #expect(try await log.append(bytes) == last.next)
        try await log.close()
    }

    /// The gate holds the sync until the end of the test.
    @Test func `tryAppend doesn't wait for a sync under the policy always`() async throws {
        let directory = TemporaryDirectory()
        let gate = SyncGate()
        StorageHooks.install(gate, for: directory.path)
        defer { StorageHooks.remove(from: directory.path) }
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small(.always))
        try await eventually { log.statistics.preparedSegmentCount >= 2 }
        gate.close(for: .seconds(3600))
        #expect(try log.tryAppend([1]) == 1)
        #expect(log.durableSequence == .zero)
        async let durable: Void = log.waitUntilDurable(1)
        try await eventually { gate.isHoldingOne }
        gate.open()
        try await durable
        #expect(log.durableSequence == 1)
        try await log.close()
    }
}
