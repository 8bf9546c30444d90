import ArgumentParser
import WAL

struct Promote: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes a replica a log that takes records.",
        discussion: """
            For the loss of the source, the log that the replica follows. Take the source out of service first: this verb doesn't
            reach it. Before that, run `wal follow --until-end` for the last records of the stream.

            The source may have given numbers to records that the replica never got. The log gives none of these numbers again.
            --above has the highest number of the source, if it is known; without it, the log leaves out 2^40 numbers.

            The log keeps the identifier that it had as a replica. To a store or a stream it is another log than the source.

            Example: wal promote copy.wal && wal append copy.wal < lines
            """)

    @Argument(help: "The replica's directory.", completion: .directory) var directory: String
    @Option(help: "The highest number that the source ever gave.") var above: SequenceNumber?
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let promotion = try LogReplica.promoteBlocking(
            at: directory, above: above, logger: StandardErrorLog.logger)
        let result = JSON.object([
            ("log_id", .string(promotion.id.description)),
            ("last_sequence", JSON(promotion.lastSequence.rawValue)),
            ("next_sequence", JSON(promotion.nextSequence.rawValue)),
        ])
        let text = Table.pairs([
            ("log", "id \(promotion.id)"),
            ("records of the source", "up to \(promotion.lastSequence)"),
            ("next record", "\(promotion.nextSequence)"),
        ])
        try StandardOutput.print(json ? result.description : text)
    }
}
