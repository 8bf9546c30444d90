import Testing

@testable import WAL
@testable import WALDelivery

/// A batch that ends at the wrong place moves a position past a record that the sink doesn't have.
@Suite struct BatchAssemblerTests {
    private func lanes(_ positions: [UInt64], from first: Int = 0) -> OwnedLanes {
        OwnedLanes(
            positions.enumerated().map { index, position in
                SinkLane(index: first + index, epoch: 1, position: SequenceNumber(rawValue: position))
            })
    }

    private func offer(
        _ assembler: inout BatchAssembler, _ sequence: UInt64, key: UInt64?, size: Int = 1, to lanes: OwnedLanes
    ) -> BatchAssembler.Step {
        let bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: sequence), count: size)
        let view = RecordView(
            sequence: SequenceNumber(rawValue: sequence), time: Timestamp(rawValue: Int64(sequence)),
            payload: bytes.span.bytes)
        return assembler.offer(view, hash: key, for: lanes)
    }

    @Test func cutsBySizeAndKeepsPayloadsApart() {
        let lanes = lanes([0, 0])
        var assembler = BatchAssembler(laneCount: 2, sizeMax: 3, bytesMax: 1000)
        #expect(offer(&assembler, 1, key: 0, size: 2, to: lanes) == .more)
        #expect(offer(&assembler, 2, key: 1, size: 0, to: lanes) == .more)
        #expect(offer(&assembler, 5, key: 7, size: 3, to: lanes) == .full)
        let cut = assembler.cut()
        #expect(cut.position == 5)
        #expect(cut.records.map(\.sequence) == [1, 2, 5])
        #expect(cut.records.map { Array($0.payload) } == [[1, 1], [], [5, 5, 5]])
        #expect(assembler.isEmpty)
        #expect(assembler.cut().position == 5)
    }

    @Test func cutsByBytesBehindTheRecordThatReachesTheLimit() {
        let lanes = lanes([0])
        var assembler = BatchAssembler(laneCount: 1, sizeMax: 100, bytesMax: 10)
        #expect(offer(&assembler, 1, key: 0, size: 9, to: lanes) == .more)
        #expect(offer(&assembler, 2, key: 0, size: 50, to: lanes) == .full)
        #expect(assembler.cut().records.count == 2)
    }

    @Test func skipsForEachLaneWhatItsPositionCovers() {
        let lanes = lanes([4, 2])
        var assembler = BatchAssembler(laneCount: 2, sizeMax: 100, bytesMax: 1000)
        assembler.restart(after: 2)
        for sequence in UInt64(3)...8 { _ = offer(&assembler, sequence, key: sequence % 2, to: lanes) }
        let cut = assembler.cut()
        #expect(cut.records.map(\.sequence) == [3, 5, 6, 7, 8])
        #expect(cut.position == 8)
    }

    @Test func takesOnlyItsOwnLanes() {
        let lanes = lanes([0, 0], from: 2)
        var assembler = BatchAssembler(laneCount: 4, sizeMax: 100, bytesMax: 1000)
        for sequence in UInt64(1)...8 { _ = offer(&assembler, sequence, key: sequence, to: lanes) }
        #expect(assembler.cut().records.map(\.sequence) == [2, 3, 6, 7])
    }

    @Test func endsBeforeABarrier() {
        for first in [0, 2] {
            let lanes = lanes([0, 0], from: first)
            var assembler = BatchAssembler(laneCount: 4, sizeMax: 100, bytesMax: 1000)
            _ = offer(&assembler, 1, key: UInt64(first), to: lanes)
            #expect(offer(&assembler, 6, key: nil, to: lanes) == .barrier)
            #expect(assembler.barrier.map { Array($0.payload) } == (first == 0 ? [6] : []))
            #expect(assembler.cut().position == 5, "numbers that are missing before a barrier can't come any more")
            assembler.passBarrier()
            #expect(assembler.scanned == 6)
            #expect(assembler.barrier == nil)
        }
    }

    @Test func passesABarrierThatItsLaneHasApplied() {
        let lanes = lanes([6, 3])
        var assembler = BatchAssembler(laneCount: 2, sizeMax: 100, bytesMax: 1000)
        assembler.restart(after: 3)
        #expect(offer(&assembler, 6, key: nil, to: lanes) == .more)
        #expect(assembler.scanned == 6)
    }

    @Test func movesOnWhereItsLanesAreRare() {
        let lanes = lanes([0])
        var assembler = BatchAssembler(laneCount: 2, sizeMax: 100, bytesMax: 1000)
        var sequence: UInt64 = 1
        while offer(&assembler, sequence, key: 1, size: 0, to: lanes) == .more { sequence += 1 }
        #expect(sequence == UInt64(BatchAssembler.scanMax))
        #expect(assembler.cut().position == SequenceNumber(rawValue: sequence))
    }

    @Test func passesNumbersThatACrashAbandoned() {
        var assembler = BatchAssembler(laneCount: 1, sizeMax: 100, bytesMax: 1000)
        assembler.restart(after: 7)
        assembler.reached(9)
        #expect(assembler.scanned == 9)
        assembler.reached(8)
        #expect(assembler.scanned == 9)
    }
}
