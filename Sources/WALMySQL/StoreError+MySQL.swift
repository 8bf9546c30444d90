#if MySQL
    internal import WALTasks

    extension StoreError {
        init(
            _ code: Code, _ message: String, number: UInt32? = nil, sqlState: String? = nil, statement: String? = nil,
            place: String? = nil
        ) {
            // The numbers for changes that exceed a cache of the binary log, for a statement that took too long, in
            // MariaDB and in MySQL, and for KILL QUERY, with which other programs end long statements.
            self.init(
                code, message, server: .mysql, number: number.map(Int.init), sqlState: sqlState, statement: statement,
                place: place, asksForLess: [1197, 1317, 1705, 1969, 3024].contains(number))
        }
    }

    extension StoreError.Code {
        /// Makes the code of an error from its number and SQLSTATE, never from its message: messages can hold users'
        /// data.
        ///
        /// Numbers from 2000 to 2999 are the library's, and the others the server's. Those above 3000 are MySQL's,
        /// except 4025 and 4078, which are MariaDB's.
        init(number: UInt32, sqlState: String) {
            switch number {
            // No server, no route to it, lost packets, a session that was killed, a server that shuts down.
            case 1042, 1043, 1053, 1080, 1152, 1158...1161, 1184, 1927, 2002, 2003, 2005, 2006, 2012, 2013, 2026, 2055,
                3169,
                4031:
                self = .connectionFailed
            // A query has another number of columns since its table was changed. Its rows are still to be read, and the
            // library refuses that. Another connection prepares the query again.
            case 2057: self = .connectionFailed
            // ProxySQL reaches no server.
            case 9001: self = .connectionFailed
            // A timeout of a lock, a deadlock, NOWAIT, a deadlock of metadata locks or of GET_LOCK; a row or table that
            // was changed meanwhile, a statement that must be prepared again, no space for locks, a lock of the whole
            // server.
            case 1020, 1205, 1206, 1213, 1223, 1412, 1614, 1615, 3058, 3132, 3572, 3573: self = .busy
            // Too many connections in all or of one user; too many transactions at a time; more changes than a cache of
            // the binary log takes; an interruption by KILL QUERY; a statement timeout of MariaDB or MySQL.
            case 1040, 1197, 1203, 1226, 1317, 1637, 1705, 1969, 3024: self = .overloaded
            // The disk, a table, or the disk with temporary files.
            case 1021, 1114, 1878: self = .full
            case 1016, 1017, 1023, 1024, 1026, 1030: self = .inputOutput
            case 1037, 1038, 1041, 1135, 2008: self = .outOfMemory
            // A replica, a read-only session, or a server, engine or table in read-only mode.
            case 1036, 1290, 1792, 1836, 1874, 3989: self = .readOnly
            case 1034, 1035, 1194, 1195, 1712, 1877, 1932: self = .corrupted
            // NULL, range, conversion, length, foreign keys, CHECK (4025 in MariaDB, 3819 in MySQL), JSON, a packet or
            // a row that is too large, a trigger's SIGNAL, a subquery with two rows, a view's check option, a
            // partition.
            case 1048, 1062, 1118, 1153, 1216, 1217, 1242, 1264, 1265, 1292, 1300, 1364, 1366, 1367, 1369, 1406, 1411,
                1441, 1451, 1452, 1525, 1526, 1644, 1690, 1748, 3140...3158, 3819, 4025, 4078:
                self = .rowRefused
            // Logins, permissions, databases, tables, columns, syntax.
            case 1044, 1045, 1046, 1049, 1054, 1064, 1129, 1130, 1142, 1143, 1146, 1227, 1251, 1305, 1370, 1698, 2059:
                self = .schemaMismatch
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
