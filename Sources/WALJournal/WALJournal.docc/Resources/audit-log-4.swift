import Foundation
import WAL
import WALDelivery
import WALJournal

struct AuditEvent: Codable, Sendable {
    var user: String
    var action: String
}

/// `audit-log` records events, and starts itself as `audit-log follow`, which prints them in a process of its own.
@main
struct AuditLog {
    static let directory = "audit.wal"
    static let format = EventFormat<AuditEvent>.json(type: "audit-event", version: 1)

    static func main() async throws {
        if CommandLine.arguments.contains("follow") { try await follow() } else { try await record() }
    }

    static func record() async throws {
        let follower = Process()
        follower.executableURL = URL(fileURLWithPath: CommandLine.arguments[0])
        follower.arguments = ["follow"]
        try follower.run()

        let log = try await WriteAheadLog.open(at: directory)
        let journal = Journal(log, format: format)
        try await journal.append(AuditEvent(user: "ann", action: "login"), attributes: ["request": "4711"])
        let receipt = try await journal.append(contentsOf: [
            AuditEvent(user: "ann", action: "export"), AuditEvent(user: "ann", action: "logout"),
        ])
        try await receipt.waitUntilDurable()
        follower.waitUntilExit()
        try await log.close()
    }

    static func follow() async throws {
        // The log may not be there yet.
        let journal = ReadOnlyJournal(try await ReadOnlyLog.waitForLog(at: directory), format: format)
        let printer = try await journal.consumer(named: "printer")
        for try await delivery in printer {
            switch delivery.entry {
            case .event(let event):
                print(event.sequence, event.time, event.value.user, event.value.action)
                delivery.acknowledge()
                if event.value.action == "logout" { try await printer.close() }
            case .undecodable(let record): try await delivery.park(record.description)
            case .gap(let gap): print(gap)
            }
        }
    }
}
