import Foundation
import Testing
import WAL

/// Before its promotion, a replica accepts no record of its own from any verb.
struct PromoteTests {
    private let scratch: Scratch
    private let directory: String
    private let source = LogID.random()

    init() throws {
        scratch = try Scratch()
        directory = scratch.path("replica")
        let replica = try LogReplica.openBlocking(at: directory, of: source)
        var batch = LogReplica.Batch()
        for number in 1...5 {
            batch.append(
                [UInt8(number)].span.bytes, sequence: SequenceNumber(rawValue: UInt64(number)),
                time: Timestamp(rawValue: Int64(number)))
        }
        try replica.appendBlocking(batch, to: LogReplica.Position(sequence: 5, epoch: 1))
        try replica.closeBlocking()
    }

    @Test func verbsThatWriteRefuseAReplica() throws {
        let line = try scratch.file("line", lines: ["one"])
        let append = try ToolRun(["append", directory], input: line)
        #expect(append.status == 65 && append.errors.contains("\(source)") && append.errors.contains("wal promote"))
        let cursors = try ToolRun(["cursors", directory, "--set", "a", "1"])
        #expect(cursors.status == 65, "\(cursors.errors)")
        #expect(try ToolRun(["inspect", directory, "--json"]).json["replica_of"] as? String == "\(source)")
        #expect(try ToolRun(["inspect", directory]).output.contains("a replica of \(source)"))
        #expect(try ToolRun(["verify", directory]).status == 0)
        #expect(try ToolRun(["repair", directory, "--apply"]).status == 0)
        #expect(try ToolRun(["promote", directory, "--above", "4"]).status == 64)
    }

    @Test func aPromotedReplicaTakesRecords() throws {
        let line = try scratch.file("line", lines: ["one"])
        let run = try ToolRun(["promote", directory, "--above", "99"])
        #expect(run.status == 0 && run.output.contains("100"), "\(run.errors)")
        #expect(try ToolRun(["append", directory, "--json"], input: line).json["first_sequence"] as? Int == 100)
        #expect(try ToolRun(["promote", directory]).status == 64)
        let hash = try ToolRun(["hash", directory, "--to", "5", "--json"]).json
        #expect(hash["records"] as? Int == 5)
    }
}
