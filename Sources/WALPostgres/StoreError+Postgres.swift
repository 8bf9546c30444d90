#if Postgres
    internal import WALTasks

    extension StoreError {
        init(
            _ code: Code, _ message: String, sqlState: String? = nil, statement: String? = nil, place: String? = nil
        ) {
            // A statement that took too long, or too much memory.
            self.init(
                code, message, server: .postgres, sqlState: sqlState, statement: statement, place: place,
                asksForLess: ["57014", "53200", "25P04"].contains(sqlState))
        }
    }

    extension StoreError.Code {
        /// By SQLSTATE, never by message: messages can hold users' data. The table is PostgreSQL's appendix A.
        init(sqlState: String) {
            switch sqlState {
            case "08007", "40003": self = .indeterminate
            // A statement that was prepared before, or isn't any more: the connection doesn't keep its session.
            case "42P05": self = .connectionFailed
            case "21000": self = .other  // two rows with one id in a statement: cutting batches into sections is broken
            case "25006": self = .readOnly
            case "25P03", "25P04", "57014": self = .overloaded
            case "40002": self = .rowRefused
            case "42P07": self = .foreignDatabase
            case "53100": self = .full
            case "XX001", "XX002": self = .corrupted
            default: self.init(sqlStateClass: sqlState.prefix(2))
            }
        }

        private init(sqlStateClass: Substring) {
            switch sqlStateClass {
            case "08", "26", "57": self = .connectionFailed
            case "40", "55": self = .busy
            case "53": self = .overloaded
            case "58": self = .inputOutput
            // P0: what a trigger says against a row. 54: a row that is too large for an index.
            case "22", "23", "44", "54", "P0": self = .rowRefused
            // The codes that a trigger makes up. The server itself uses classes up to 4 and up to H, and some others.
            case let own where own == "45" || Self.isMadeUp(own): self = .rowRefused
            // 0A: a statement that was prepared before a change of the tables.
            case "0A", "28", "3D", "3F", "42": self = .schemaMismatch
            default: self = .other
            }
        }
    }

    extension StoreError.Code {
        /// Whether a class of SQLSTATE is left to programs, by the standard and by PostgreSQL.
        private static func isMadeUp(_ sqlStateClass: Substring) -> Bool {
            guard let first = sqlStateClass.first else { return false }
            let isFree = ("5"..."9").contains(first) || ("I"..."Z").contains(first)
            return isFree && !["53", "54", "55", "57", "58", "72", "P0", "XX"].contains(sqlStateClass)
        }
    }

    extension StoreError {
        /// Whether the connection is of no use afterwards, even if it is still there: another one may lead to another server,
        /// or knows the tables as they are now.
        var endsConnection: Bool {
            switch code {
            case .connectionFailed, .indeterminate, .readOnly, .schemaMismatch, .corrupted: true
            default: false
            }
        }
    }
#endif
