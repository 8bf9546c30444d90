#if MySQL
    import TestSupport
    import Testing

    extension TestDatabase {
        /// Returns when a session of this database waits for a lock that another session holds.
        func waitUntilOneWaitsForALock() async throws {
            let waiting = """
                SELECT COUNT(*) FROM information_schema.innodb_trx AS t JOIN information_schema.processlist AS p \
                ON p.id = t.trx_mysql_thread_id WHERE t.trx_state = 'LOCK WAIT' AND p.db = DATABASE()
                """
            // The server refreshes the table only if it wasn't read for 100 ms.
            try await eventually(every: .milliseconds(250)) { try number(waiting) != 0 }
        }
    }
#endif
