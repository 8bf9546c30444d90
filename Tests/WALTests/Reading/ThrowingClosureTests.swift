import Testing

@testable import WAL

/// With a closure that can't throw, a caller has to keep an error in a variable, and may forget it there.
@Suite struct ThrowingClosureTests {
    private struct Refusal: Error, Equatable {
        var sequence: SequenceNumber
    }

    @Test func `a throwing closure ends the call, and the next call continues after the record`() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        for number in 1...3 { try await log.append(payload(number)) }
        let reader = log.reader()
        #expect(throws: Refusal(sequence: 1)) {
            try reader.next { (record) throws(Refusal) in throw Refusal(sequence: record.sequence) }
        }
        #expect(throws: Refusal(sequence: 2)) {
            try reader.next(
                { (record) throws(Refusal) -> Int in throw Refusal(sequence: record.sequence) }, gap: { _ in 0 })
        }
        #expect(try reader.next()?.payload == payload(3))
        try await log.close()
    }

    @Test func `a throwing closure for gaps ends the call, and the next call continues after the gap`() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        try await log.append(payload(1))
        _ = try await log.skipSequences(through: 5)
        try await log.append(payload(6))
        let reader = log.reader()
        #expect(try reader.next()?.sequence == 1)
        #expect(throws: Refusal(sequence: 2)) {
            try reader.next(
                { _ in 0 }, gap: { (gap) throws(Refusal) -> Int in throw Refusal(sequence: gap.first) })
        }
        #expect(try reader.next()?.sequence == 6)
        try await log.close()
    }

    /// The forms without a throwing closure keep their typed errors: this function compiles.
    private func typed(_ log: WriteAheadLog, _ reader: LogReader) async throws(WALError) -> Int {
        _ = try await log.append(count: 1) { $0.append(1, as: UInt8.self) }
        _ = try log.tryAppend(count: 1) { $0.append(2, as: UInt8.self) }
        let first = try reader.next { record in record.payload.byteCount }
        let second = try reader.next({ record in record.payload.byteCount }, gap: { _ in 0 })
        return (first ?? 0) + (second ?? 0)
    }

    @Test func `an append whose closure throws appends nothing`() async throws {
        let directory = TemporaryDirectory()
        let log = try await WriteAheadLog.open(at: directory.path, configuration: .small())
        let fill: (inout OutputRawSpan) throws(Refusal) -> Void = { (output) throws(Refusal) in
            output.append(9, as: UInt8.self)
            throw Refusal(sequence: 9)
        }
        await #expect(throws: Refusal(sequence: 9)) { try await log.append(count: 4, initializingWith: fill) }
        #expect(throws: Refusal(sequence: 9)) { try log.tryAppend(count: 4, initializingWith: fill) }
        await Blocking.run {
            _ = #expect(throws: Refusal(sequence: 9)) {
                try log.appendBlocking(count: 4) { (output) throws(Refusal) in throw Refusal(sequence: 9) }
            }
        }
        #expect(log.lastSequence == 0)
        var batch = RecordBatch()
        batch.append([1])
        #expect(throws: Refusal(sequence: 9)) { try batch.append(count: 4, initializingWith: fill) }
        batch.append(count: 1) { $0.append(2, as: UInt8.self) }
        try await log.append(batch)
        let succeeds: (inout OutputRawSpan) throws(Refusal) -> Void = { $0.append(3, as: UInt8.self) }
        #expect(try await log.append(count: 1, initializingWith: succeeds) == 3)
        #expect(try readAll(log.reader()).map(\.payload) == [[1], [2], [3]])
        #expect(try await typed(log, log.reader()) == 2)
        try await log.close()
    }
}
