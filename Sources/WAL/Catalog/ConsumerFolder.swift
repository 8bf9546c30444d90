/// The folder `consumers` of a log, with a file for each consumer in another process (FORMAT.md, "Consumers in other
/// processes").
///
/// A consumer's process writes its file, and the log's writer reads it.
struct ConsumerFolder {
    static let name = "consumers"
    /// The suffix of the folder with the records that a consumer has set aside. The consumer's name comes before it.
    static let parkedSuffix = ".parked"

    let directory: Directory

    /// Opens a log's folder. Nil if there is none, because no consumer ever made it.
    init?(of log: Directory) throws(WALError) {
        guard let directory = try log.existingFolder(Self.name) else { return nil }
        self.directory = directory
    }

    /// Opens a log's folder, and makes it if it isn't there.
    init(madeIn log: Directory) throws(WALError) {
        directory = try log.folder(Self.name)
    }

    /// Throws unless a consumer may have this name. Names with dots are those of the folder's other files.
    static func requireName(_ name: String) throws(WALError) {
        guard isName(name) else {
            throw WALError(
                .invalidArgument,
                "A consumer's name has 1 to 64 letters and digits of ASCII, hyphens and underscores. \"\(name)\" isn't one."
            )
        }
    }

    private static func isName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count) && name.utf8.allSatisfy { allowed.contains($0) }
    }

    private static let allowed = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// The names of the consumers, sorted.
    func names() throws(WALError) -> [String] {
        try directory.names().filter(Self.isName).sorted()
    }

    /// The paths of the folders with records that consumers have set aside, sorted.
    func parkedFolders() throws(WALError) -> [String] {
        let names = try directory.names().filter { name in
            name.hasSuffix(Self.parkedSuffix) && Self.isName(String(name.dropLast(Self.parkedSuffix.count)))
        }
        return names.sorted().map(directory.path(of:))
    }

    /// The bytes of a consumer's file; nil if there is none.
    private func bytes(of name: String) throws(WALError) -> [UInt8]? {
        try ifExists { () throws(WALError) in
            try File(name, in: directory, .read).read(at: 0, count: ConsumerState.size + 1)
        }
    }

    /// A consumer's file, as it was read.
    enum Content: Equatable {
        case missing
        case damaged
        case state(ConsumerState)
        /// A newer version wrote the file. The state has the fields that each version has.
        case newer(ConsumerState)

        var state: ConsumerState? {
            switch self {
            case .missing, .damaged: nil
            case .state(let state), .newer(let state): state
            }
        }
    }

    func content(of name: String) throws(WALError) -> Content {
        guard let bytes = try bytes(of: name) else { return .missing }
        if let state = ConsumerState.decode(bytes) { return .state(state) }
        return ConsumerState.decodeNewer(bytes).map { .newer($0) } ?? .damaged
    }

    /// Replaces a consumer's file, durably.
    func write(_ state: ConsumerState, for name: String) throws(WALError) {
        try directory.replace(name, with: state.encoded)
    }

    /// Locks a consumer's name until the file is closed. The lock has a file of its own, because each save replaces the
    /// consumer's file.
    ///
    /// - Throws: ``WALError/Code/locked`` if the consumer has an owner.
    func lock(_ name: String) throws(WALError) -> File {
        let lock = try lockFile(name + ".lock")
        do throws(WALError) {
            try lock.lock()
        } catch {
            guard error.code == .locked else { throw error }
            var owner = ""
            if case .state(let state) = try content(of: name), state.process != 0 {
                owner = " in process \(state.process)"
            }
            throw WALError(
                .locked,
                "The consumer \(name) of \(directory.path) has an owner already\(owner). Close that one, or use another name.",
                isRetriable: true)
        }
        return lock
    }

    private func lockFile(_ name: String) throws(WALError) -> File {
        if let file = try ifExists({ () throws(WALError) in try File(name, in: directory, .readWrite) }) { return file }
        do throws(WALError) {
            return try File(name, in: directory, .create)
        } catch {
            // Another process may have made it at the same time.
            return try File(name, in: directory, .readWrite)
        }
    }
}
