import WAL
import WALJournal

struct AuditEvent: Codable, Sendable {
    var user: String
    var action: String
}

@main
struct AuditLog {
    static let directory = "audit.wal"
    static let format = EventFormat<AuditEvent>.json(type: "audit-event", version: 1)

    static func main() async throws {
        let log = try await WriteAheadLog.open(at: directory)
        let journal = Journal(log, format: format)
        try await journal.append(AuditEvent(user: "ann", action: "login"), attributes: ["request": "4711"])
        let receipt = try await journal.append(contentsOf: [
            AuditEvent(user: "ann", action: "export"), AuditEvent(user: "ann", action: "logout"),
        ])
        try await receipt.waitUntilDurable()
        try await log.close()
    }
}
