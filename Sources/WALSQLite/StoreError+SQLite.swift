#if SQLite
    internal import CWALSQLite
    internal import WALTasks

    extension StoreError {
        /// Makes an error of SQLite. `number` is the extended result code.
        init(
            _ code: Code, _ message: String, number: Int32? = nil, statement: String? = nil, place: String? = nil
        ) {
            self.init(
                code, message, server: .sqlite, number: number.map(Int.init), statement: statement, place: place)
        }
    }

    extension StoreError.Code {
        /// Makes the code of an error from its number, never from its message: messages can hold users' data.
        init(resultCode: Int32) {
            // SQLITE_READONLY_DBMOVED is a macro that Swift doesn't import: the primary code and 4 << 8.
            if resultCode == SQLITE_READONLY | 4 << 8 {
                self = .moved
                return
            }
            switch resultCode & 0xff {
            case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL: self = .busy
            case SQLITE_FULL: self = .full
            case SQLITE_IOERR, SQLITE_CANTOPEN: self = .inputOutput
            case SQLITE_NOMEM: self = .outOfMemory
            case SQLITE_READONLY: self = .readOnly
            case SQLITE_CORRUPT, SQLITE_NOTADB: self = .corrupted
            case SQLITE_CONSTRAINT, SQLITE_TOOBIG, SQLITE_MISMATCH: self = .rowRefused
            case SQLITE_ERROR, SQLITE_AUTH, SQLITE_PERM: self = .schemaMismatch
            default: self = .other
            }
        }
    }
#endif
