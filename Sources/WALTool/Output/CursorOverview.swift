import WAL

/// What `cursors` shows.
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

    /// The last record that retention may remove, as far as cursors go.
    private var removableUpTo: SequenceNumber { slowest?.position ?? lastSequence }

    /// What cursors keep, as a sentence.
    var retentionText: String {
        guard let slowest else {
            return "No cursor keeps any record: retention may remove what it finds old or too much."
        }
        guard slowest.position >= firstSequence else {
            return "\(slowest.name) still keeps every record: retention may remove none."
        }
        return "Retention may remove records up to \(slowest.position.rawValue); \(slowest.name) keeps those behind it."
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
