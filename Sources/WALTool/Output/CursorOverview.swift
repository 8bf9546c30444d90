import WAL

/// The output of `cursors`.
struct CursorOverview {
    private let cursors: [(name: String, position: SequenceNumber)]
    private let firstSequence: SequenceNumber
    private let lastSequence: SequenceNumber

    init(_ log: ReadOnlyLog) throws(WALError) {
        cursors = try log.cursors.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        firstSequence = try log.firstSequence
        lastSequence = try log.durableSequence
    }

    init(_ log: WriteAheadLog) {
        cursors = log.cursors.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        firstSequence = log.firstSequence
        lastSequence = log.lastSequence
    }

    var names: [String] { cursors.map(\.name) }

    private var slowest: (name: String, position: SequenceNumber)? { cursors.min { $0.position < $1.position } }

    /// The last record that cursors let retention remove.
    private var removableUpTo: SequenceNumber { slowest?.position ?? lastSequence }

    /// A sentence on the records that cursors keep.
    var retentionText: String {
        guard let slowest else {
            return "No cursor keeps any record: retention may remove all records past its limits."
        }
        guard slowest.position >= firstSequence else {
            return "\(slowest.name) still keeps every record: retention may remove none."
        }
        return "Retention may remove records up to \(slowest.position.rawValue); \(slowest.name) keeps the later ones."
    }

    var json: JSON {
        .object([
            ("cursors", .object(cursors.map { ($0.name, JSON($0.position.rawValue)) })),
            ("first_sequence", JSON(firstSequence.rawValue)),
            ("removable_up_to", JSON(removableUpTo.rawValue)),
        ])
    }

    var text: String {
        guard !cursors.isEmpty else { return "no cursors" }
        let rows = cursors.map { [$0.name, "\($0.position.rawValue)"] }
        return Table.columns(["cursor", "position"], right: [1], rows) + "\n\n" + retentionText
    }
}
