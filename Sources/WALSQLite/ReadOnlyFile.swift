#if SQLite
    internal import WALTasks

    #if canImport(Darwin)
        internal import Darwin
    #else
        internal import Glibc
    #endif

    /// How a database is opened so that nothing changes on disk, its `-wal` and `-shm` included.
    ///
    /// SQLite makes both files for every reader of a database in WAL mode, even for a read-only one. While a writer runs, and after a
    /// killed one, they are there, and `readonly_shm` uses them unchanged. After a closed writer they aren't there, and all content is in
    /// the database itself: `immutable` reads only that, as long as no process opens it for writing meanwhile.
    struct ReadOnlyFile {
        private let path: String
        private let isImmutable: Bool
        private let seen: State

        private struct State: Equatable {
            var hasLog: Bool
            var size: Int64
            var seconds: Int
            var nanoseconds: Int
        }

        init(path: String) throws(StoreError) {
            self.path = path
            guard let state = Self.state(of: path) else {
                throw StoreError(
                    .noSuchDatabase, "there is no such database: \(path). Check the path", place: path)
            }
            seen = state
            isImmutable = Self.isInWALMode(path) && !state.hasLog
            guard !state.hasLog || Self.status(of: path + "-shm") != nil else {
                throw StoreError(
                    .unsupported,
                    "changes are in \(path)-wal, and without \(path)-shm only a program that may write can read them: open the "
                        + "database once with one", place: path)
            }
        }

        /// What `sqlite3_open_v2` takes with `SQLITE_OPEN_URI`.
        var uri: String {
            let escaped = path.utf8.reduce(into: "") { text, byte in
                let isPlain = byte > 0x20 && byte < 0x7F && !"%?#".utf8.contains(byte)
                let digits = String(byte, radix: 16)
                text += isPlain ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + digits
            }
            // Two slashes at the beginning would make the first part a host.
            return "file:\(path.hasPrefix("/") ? "//" : "")\(escaped)?\(isImmutable ? "immutable=1" : "readonly_shm=1")"
        }

        /// Throws `busy` if a process may have written the pages that were read without locks.
        func requireUnchanged() throws(StoreError) {
            guard isImmutable, Self.state(of: path) != seen else { return }
            throw StoreError(.busy, "another program has opened the database meanwhile: try again", place: path)
        }

        private static func status(of path: String) -> stat? {
            var status = stat()
            return unsafe stat(path, &status) == 0 ? status : nil
        }

        private static func state(of path: String) -> State? {
            guard let file = status(of: path) else { return nil }
            return State(
                hasLog: (status(of: path + "-wal")?.st_size ?? 0) > 0, size: Int64(file.st_size),
                seconds: file.modified.tv_sec, nanoseconds: file.modified.tv_nsec)
        }

        /// The header's byte 19 is 2 where reading needs the write-ahead log. (SQLite, "Database File Format", 1.3.3.)
        private static func isInWALMode(_ path: String) -> Bool {
            let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { return false }
            defer { close(descriptor) }
            var version: UInt8 = 0
            return unsafe pread(descriptor, &version, 1, 19) == 1 && version == 2
        }
    }

    extension stat {
        fileprivate var modified: timespec {
            #if canImport(Darwin)
                st_mtimespec
            #else
                st_mtim
            #endif
        }
    }
#endif
