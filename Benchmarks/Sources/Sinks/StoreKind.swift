/// The databases that are measured.
enum StoreKind: String, Codable, Sendable, CaseIterable {
    case sqlite, postgres, mariadb

    var name: String {
        switch self {
        case .sqlite: "SQLite"
        case .postgres: "PostgreSQL"
        case .mariadb: "MariaDB"
        }
    }
}
