#if Postgres
    internal import WALTasks

    extension StoreError {
        init(
            _ code: Code, _ message: String, sqlState: String? = nil, statement: String? = nil, place: String? = nil
        ) {
            // The codes for a statement that took too much time or memory.
            self.init(
                code, message, server: .postgres, sqlState: sqlState, statement: statement, place: place,
                asksForLess: ["57014", "53200", "25P04"].contains(sqlState))
        }
    }

    extension StoreError.Code {
        /// Makes the code of an error from its SQLSTATE, never from its message: messages can hold users' data. The
        /// table is PostgreSQL's appendix A.
        init(sqlState: String) {
            switch sqlState {
            case "08007", "40003": self = .indeterminate
            // A statement of this name is prepared already: the connection doesn't keep its session.
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
            // P0: an error that a trigger raises against a row. 54: a row that is too large for an index.
            case "22", "23", "44", "54", "P0": self = .rowRefused
            // A trigger can raise codes of its own. The server itself uses classes that begin with 0 to 4 or A to H,
            // and some others.
            case let own where own == "45" || Self.isMadeUp(own): self = .rowRefused
            // 0A: a statement that was prepared before a change of the tables.
            case "0A", "28", "3D", "3F", "42": self = .schemaMismatch
            default: self = .other
            }
        }

        /// Returns whether the standard and PostgreSQL leave a class of SQLSTATE to programs.
        private static func isMadeUp(_ sqlStateClass: Substring) -> Bool {
            guard let first = sqlStateClass.first else { return false }
            let isFree = ("5"..."9").contains(first) || ("I"..."Z").contains(first)
            return isFree && !["53", "54", "55", "57", "58", "72", "P0", "XX"].contains(sqlStateClass)
        }
    }
#endif
