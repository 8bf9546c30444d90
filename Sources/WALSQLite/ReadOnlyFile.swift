#if SQLite
    internal import WALTasks

    #if canImport(Darwin)
        internal import Darwin
    #else
        internal import Glibc
    #endif

    /// A database file that is opened so that nothing changes on the disk, including its `-wal` and `-shm` files.
    ///
    /// SQLite creates both files for every reader of a database in WAL mode, even for a read-only one. While a writer
    /// runs, and after a writer was killed, both files exist, and `readonly_shm` uses them unchanged. After the writer
    /// has closed the database, neither file exists, and the database file has all content. Then `immutable` reads only
    /// the database file. That is correct while no process opens it for writing, and ``requireUnchanged()`` checks
    /// that.
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

        /// The URI of the file, for `sqlite3_open_v2` with `SQLITE_OPEN_URI`.
        var uri: String {
            let escaped = path.utf8.reduce(into: "") { text, byte in
                let isPlain = byte > 0x20 && byte < 0x7F && !"%?#".utf8.contains(byte)
                let digits = String(byte, radix: 16)
                text += isPlain ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + digits
            }
            // The two slashes are an empty host. Without them, a path that begins with two slashes would name a host.
            return "file:\(path.hasPrefix("/") ? "//" : "")\(escaped)?\(isImmutable ? "immutable=1" : "readonly_shm=1")"
        }

        /// Throws `busy` if the file was read without locks and another process may have changed it.
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

        /// Returns whether the database is in WAL mode. Byte 19 of its header is then 2 (SQLite, "Database File
        /// Format", 1.3.3).
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
