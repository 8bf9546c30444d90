import WAL
import WALTasks

@testable import WALFlow

extension FuzzTarget {
    /// Each record has one encoding. Records in any order give a state, reading them again changes nothing, and the records of a
    /// checkpoint give the steps again.
    ///
    /// The input is a sequence of records, each with its size in a byte before it.
    static let flow: Run = { bytes in
        var table = JournalTable()
        var records: [FlowRecord] = []
        var rest = bytes[...]
        while let size = rest.popFirst() {
            let payload = UnsafeRawBufferPointer(rebasing: rest.prefix(Int(size)))
            rest = rest.dropFirst(Int(size))
            guard let record = (try? FlowRecord(RawSpan(_unsafeBytes: payload))) ?? nil else { continue }
            var batch = RecordBatch()
            record.append(to: &batch)
            precondition(batch.payloads.elementsEqual(payload))
            precondition(record.size == payload.count)
            table.apply(record)
            records.append(record)
        }
        for task in table.tasks.values {
            var twice = task
            for event in task.records { twice.apply(event) }
            precondition(twice.steps == task.steps)
            _ = TaskView.reason(task, nil, now: Timestamp(rawValue: 0))
        }
    }
}
