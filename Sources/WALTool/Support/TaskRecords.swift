import WAL
import WALTasks

/// A check of the records that are about to go to a task store. The store would make a dead letter of each record of
/// another kind.
enum TaskRecords {
    /// The number of records from the first one on that are checked.
    private static let sampleMax = 1000

    /// Returns the error of a payload that no task store accepts; nil for a record of a flow, which stores skip.
    static func error(in payload: [UInt8]) -> TaskCodecError? {
        TaskCodec.isFlowRecord(payload.span.bytes) ? nil : errorOfChange(in: payload)
    }

    /// Returns the error of a payload that isn't a change of tasks.
    static func errorOfChange(in payload: [UInt8]) -> TaskCodecError? {
        do throws(TaskCodecError) {
            _ = try TaskCodec.decode(payload.span.bytes)
            return nil
        } catch {
            return error
        }
    }

    /// Throws if one of these records is neither a change of tasks nor a record of a flow.
    static func requireAll(_ records: ClosedRange<SequenceNumber>, of log: ReadOnlyLog) throws {
        let reader = log.reader(from: records.lowerBound)
        while let entry = try reader.nextEntry() {
            guard case .record(let record) = entry else { continue }
            guard record.sequence <= records.upperBound else { return }
            guard let error = error(in: record.payload) else { continue }
            throw refusal("Record \(record.sequence) of \(log.directory)", error)
        }
    }

    /// Throws if the log has records from a number on, and none of the first ones is a change of tasks or a record of a
    /// flow. If only a few records aren't changes of tasks, the store makes dead letters of them.
    static func requireSome(in log: ReadOnlyLog, from first: SequenceNumber) throws {
        let reader = log.reader(from: first)
        var refused: ToolError?
        for _ in 0..<sampleMax {
            // The code that uses the records reports those that can't be read.
            guard let entry = try? reader.nextEntry() else { break }
            guard case .record(let record) = entry else { continue }
            guard let error = error(in: record.payload) else { return }
            refused = refused ?? refusal("Record \(record.sequence) of \(log.directory)", error)
        }
        if let refused { throw refused }
    }

    static func refusal(_ record: String, _ error: TaskCodecError) -> ToolError {
        ToolError(
            .badInput,
            """
            \(record) is no change of tasks (\(error.code)): it has a program's own bytes, such as events of a journal, which \
            only the program's own sink can store. Nothing was written. Run that program: its flusher delivers records, \
            `redrive` of the log appends dead letters again, and `settle` ends a debt.
            """)
    }
}
