import WAL
import WALLogging

/// The output of `cursors`.
struct CursorOverview {
    private let cursors: [(name: String, position: SequenceNumber)]
    /// The consumers that run in other processes than the log's writer.
    private let consumers: [ConsumerInfo]
    private let firstSequence: SequenceNumber
    private let lastSequence: SequenceNumber

    init(_ log: ReadOnlyLog) throws(WALError) {
        cursors = try log.cursors.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        consumers = try log.consumers
        firstSequence = try log.firstSequence
        lastSequence = try log.durableSequence
    }

    /// Shows a log's cursors after a change. The consumers come from the overview before the change.
    init(_ log: WriteAheadLog, after before: CursorOverview) {
        cursors = log.cursors.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        consumers = before.consumers
        firstSequence = log.firstSequence
        lastSequence = log.lastSequence
    }

    var names: [String] { cursors.map(\.name) }

    private var slowest: (name: String, position: SequenceNumber)? {
        let live = consumers.filter { !$0.isExpired }.map { (name: $0.path, position: $0.position) }
        return (cursors + live).min { $0.position < $1.position }
    }

    /// The number of the last record that the cursors let retention remove.
    private var removableUpTo: SequenceNumber { slowest?.position ?? lastSequence }

    /// A sentence about the records that cursors keep.
    var retentionText: String {
        guard let slowest else {
            return "No cursor keeps any record: retention may remove all records past its limits."
        }
        let name = LineText.escaped(slowest.name)
        guard slowest.position >= firstSequence else {
            return "\(name) still keeps every record: retention may remove none."
        }
        return "Retention may remove records up to \(slowest.position.rawValue); \(name) keeps the later ones."
    }

    var json: JSON {
        .object([
            ("cursors", .object(cursors.map { ($0.name, JSON($0.position.rawValue)) })),
            ("consumers", .array(consumers.map(\.json))),
            ("first_sequence", JSON(firstSequence.rawValue)),
            ("removable_up_to", JSON(removableUpTo.rawValue)),
        ])
    }

    var text: String {
        guard !cursors.isEmpty || !consumers.isEmpty else { return "no cursors" }
        let rows =
            cursors.map { [$0.name, "\($0.position.rawValue)", ""] }
            + consumers.map { [$0.path, "\($0.position.rawValue)", $0.ownerText] }
        let heading = consumers.isEmpty ? ["cursor", "position"] : ["cursor", "position", "owner"]
        let shown = rows.map { Array($0.prefix(heading.count)) }
        return Table.columns(heading, right: [1], shown) + "\n\n" + retentionText
    }
}
