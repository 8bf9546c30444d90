/// The output of `wal --version`: the version of the tool, and the stores that it was built with.
enum Version {
    static let number = "0.1.0-dev"

    static var text: String {
        "wal \(number), stores: \(stores.joined(separator: ", "))"
    }

    private static var stores: [String] {
        var names = ["memory"]
        #if SQLite
            names.append("sqlite")
        #endif
        #if Postgres
            names.append("postgres")
        #endif
        #if MySQL
            names.append("mysql")
        #endif
        return names
    }
}
