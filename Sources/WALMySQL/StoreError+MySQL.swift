#if MySQL
    internal import WALTasks

    extension StoreError {
        init(
            _ code: Code, _ message: String, number: UInt32? = nil, sqlState: String? = nil, statement: String? = nil,
            place: String? = nil
        ) {
            // The numbers for changes that exceed a cache of the binary log, for a statement that took too long, in
            // MariaDB and in MySQL, for KILL QUERY, with which other programs end long statements, and for MySQL's
            // limits of the memory of a statement, a transaction and a connection.
            self.init(
                code, message, server: .mysql, number: number.map(Int.init), sqlState: sqlState, statement: statement,
                place: place, asksForLess: [1197, 1317, 1705, 1969, 3024, 3170, 3231, 4081, 4082].contains(number))
        }

        /// The error as that of a COMMIT. Its outcome is unknown: the server may have committed before the error, or
        /// its answer was lost.
        ///
        /// The server has rolled back after a conflict in Galera or Group Replication, after too many changes for a
        /// cache of the binary log, and after a failed write to the disk, such as that of this cache. If the outcome
        /// counted as unknown, each of these would be a lost connection, and a few of them make a dead letter of a
        /// record.
        var ofCommit: StoreError {
            if [.full, .inputOutput].contains(code) || [1197, 1213, 1705, 3101].contains(number) { return self }
            var unknown = self
            unknown.code = .indeterminate
            return unknown
        }
    }

    extension StoreError.Code {
        /// Makes the code of an error from its number and SQLSTATE, never from its message: messages can hold users'
        /// data.
        ///
        /// Numbers from 2000 to 2999 are the library's, and the others the server's. Those below 1000 are about files
        /// and memory. Those above 3000 are MySQL's, except 4025, 4078 and 4151, which are MariaDB's.
        init(number: UInt32, sqlState: String) {
            switch number {
            // No server, no route to it, lost packets, a session that was killed, a server that shuts down or is in
            // offline mode, such as one that has left its group.
            case 1042, 1043, 1053, 1080, 1152, 1158...1161, 1184, 1927, 2002, 2003, 2005, 2006, 2012, 2013, 2026, 2055,
                3032, 3168, 3169, 4031, 6400, 6401:
                self = .connectionFailed
            // A query has another number of columns since its table was changed. Its rows are still to be read, and the
            // library refuses that. Another connection prepares the query again.
            case 2057: self = .connectionFailed
            // ProxySQL reaches no server, or a proxy has gone on with another session, without this one's statements.
            case 1243, 9001: self = .connectionFailed
            // A timeout of a lock, a deadlock, NOWAIT, a deadlock of metadata locks or of GET_LOCK; a row or table that
            // was changed meanwhile, a statement that must be prepared again, no space for locks, a lock of the whole
            // server.
            case 1020, 1205, 1206, 1213, 1223, 1412, 1614, 1615, 1689, 3058, 3132, 3572, 3985: self = .busy
            // Group Replication refuses a transaction: a conflict, no majority, a new primary that has earlier changes
            // to apply, a member that joins or leaves.
            case 3100, 3101, 3781...3783, 3796...3799, 4094, 6141: self = .busy
            // Too many connections in all or of one user; too many transactions at a time; more changes than a cache of
            // the binary log takes; an interruption by KILL QUERY; a statement timeout of MariaDB or MySQL; a limit of
            // the memory of a statement, a transaction or a connection.
            case 1040, 1197, 1203, 1226, 1317, 1637, 1705, 1969, 3024, 3170, 3231, 4081, 4082: self = .overloaded
            // The disk, a table, or the disk with temporary files.
            case 20, 1021, 1114, 1878, 3019: self = .full
            // 3 is also a full disk, if a cache of the binary log or another temporary file is there.
            case 1...4, 9, 14, 23, 27, 29, 1016, 1017, 1023, 1024, 1026, 1030, 1534, 1810, 1811: self = .inputOutput
            case 5, 1037, 1038, 1041, 1135, 2008, 3015: self = .outOfMemory
            // A replica, a read-only session, or a server, engine or table in read-only mode.
            case 1036, 1290, 1792, 1836, 1874, 1881, 3989: self = .readOnly
            case 1034, 1035, 1194, 1195, 1712, 1877, 1932: self = .corrupted
            // NULL, range, conversion, length, foreign keys, CHECK (4025 in MariaDB, 3819 in MySQL), JSON, a packet or
            // a row that is too large, a trigger's SIGNAL, a subquery with two rows, a view's check option, a
            // partition, a coordinate system, an index of an expression, a vector.
            case 1048, 1062, 1118, 1153, 1216, 1217, 1242, 1264, 1265, 1292, 1300, 1301, 1364, 1366, 1367, 1369, 1406,
                1411, 1441, 1451, 1452, 1525, 1526, 1644, 1690, 1713, 1748, 3140...3158, 3548, 3643, 3751, 3819, 3854,
                3905, 3906, 3908, 4025, 4078, 6136...6138:
                self = .rowRefused
            // Logins, permissions, databases, tables, columns, syntax.
            case 1044, 1045, 1046, 1049, 1054, 1064, 1129, 1130, 1136, 1142, 1143, 1146, 1227, 1251, 1305, 1370, 1698,
                2059:
                self = .schemaMismatch
            // Logins, too: a plugin that the server or the library lacks, an expired password, a locked account, a
            // connection without the encryption that the server requires.
            case 1524, 1820, 1862, 2061, 3118, 3159, 3955, 4151: self = .schemaMismatch
            // Group Replication takes no changes of a table without a primary key.
            case 3098: self = .schemaMismatch
            default: self.init(sqlState: sqlState)
            }
        }

        private init(sqlState: String) {
            switch sqlState.prefix(2) {
            case "08": self = .connectionFailed
            case "22", "23", "44", "45": self = .rowRefused
            case "28", "3D", "42": self = .schemaMismatch
            case "40": self = .busy
            default: self = .other
            }
        }
    }
#endif
