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
        try await log.close()
    }
}
