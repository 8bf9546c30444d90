import CWALLZ4

#if MySQL
    import CWALMySQL
#endif
#if NATS
    import CWALNATS
#endif
#if Postgres
    import CWALPostgres
#endif
#if SQLite
    import CWALSQLite
#endif

/// The libraries of the system that this process uses.
enum Libraries {
    /// The names and versions of the libraries, as one text.
    static var text: String {
        var versions = ["lz4 \(String(cString: LZ4_versionString()))"]
        #if SQLite
            versions.append("sqlite \(String(cString: sqlite3_libversion()))")
        #endif
        #if Postgres
            // The number 150018 means version 15.18.
            let number = PQlibVersion()
            versions.append("libpq \(number / 10000).\(number % 10000)")
        #endif
        #if MySQL
            versions.append("libmariadb \(String(cString: mysql_get_client_info()))")
        #endif
        #if NATS
            versions.append("libnats \(String(cString: nats_GetVersion()))")
        #endif
        return versions.joined(separator: ", ")
    }
}
