import Testing

@testable import WAL
@testable import WALDelivery

/// A bad record must not affect its neighbors or the order, at any place and in any number.
@Suite struct DeliveryTests {
    private func records(_ count: Int) -> [SinkRecord] {
        (0..<count).map {
            SinkRecord(
                sequence: SequenceNumber(rawValue: UInt64($0) * 2 + 1), time: Timestamp(rawValue: 0), payload: [])
        }
    }

    /// Every set of bad records among up to nine, and a crash after every step.
    @Test(arguments: 1...9) func findsEverySetOfBadRecords(count: Int) {
        let all = records(count)
        for bad in 0..<(1 << count) {
            var isBad: [SequenceNumber: Bool] = [:]
            for (index, record) in all.enumerated() { isBad[record.sequence] = bad & 1 << index != 0 }
            var delivery = Delivery(records: all, position: 100)
            var applied: [SequenceNumber] = []
            var setAside: [SequenceNumber] = []
            var position: SequenceNumber = 0
            var attempts = 0
            while let step = delivery.step {
                attempts += 1
                let records = delivery.records(of: step)
                if records.contains(where: { isBad[$0.sequence] == true }) {
                    switch delivery.blamed() {
                    case .smaller: break
                    case .culprit(let record):
                        setAside.append(record.sequence)
                        delivery.setAside()
                    case .nobody: Issue.record("a batch with records has a culprit")
                    }
                    continue
                }
                #expect(step.position > position)
                position = step.position
                applied += records.map(\.sequence)
                // The position is right after a crash at this step: every record up to it is applied or set aside.
                let done = Set(applied).union(setAside)
                #expect(all.allSatisfy { $0.sequence > position || done.contains($0.sequence) })
                #expect(done.allSatisfy { $0 <= position })
                delivery.succeeded()
            }
            #expect(position == 100)
            #expect(applied == all.map(\.sequence).filter { isBad[$0] == false })
            #expect(setAside == all.map(\.sequence).filter { isBad[$0] == true })
            // Each bad record costs at most one halving, its own failure, the step past it and the rest.
            #expect(attempts <= 1 + bad.nonzeroBitCount * 12)
        }
    }

    @Test func oneBadRecordAmongManyCostsALogarithm() {
        for culprit in stride(from: 0, to: 512, by: 37) {
            var delivery = Delivery(records: records(512), position: 2000)
            var attempts = 0
            while let step = delivery.step {
                attempts += 1
                guard step.range.contains(culprit) else {
                    delivery.succeeded()
                    continue
                }
                if case .culprit = delivery.blamed() { delivery.setAside() }
            }
            #expect(attempts <= 22)
        }
    }

    @Test func anEmptyBatchOnlyMovesThePosition() {
        var delivery = Delivery(records: [], position: 7)
        #expect(delivery.step == Delivery.Step(range: 0..<0, position: 7))
        if case .nobody = delivery.blamed() {} else { Issue.record("an empty batch has a culprit") }
        delivery.succeeded()
        #expect(delivery.step == nil)
    }

    @Test func aFailureThatVanishesIsNoCulprit() {
        var delivery = Delivery(records: records(4), position: 9)
        _ = delivery.blamed()
        var applied = 0
        while let step = delivery.step {
            applied += step.range.count
            delivery.succeeded()
        }
        #expect(applied == 4)
    }
}
