package import Logging
internal import Synchronization

#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// The sessions of a store. Some write and some read, each on its own thread.
package final class StorePools<Writer: ChangeSession, Reader: QuerySession>: Sendable
where Writer.Settings == Reader.Settings {
    package let writers: ConnectionPool<Writer>
    package let readers: ConnectionPool<Reader>
    /// The process and host that claim lanes, as human-readable text.
    package let owner: String
    private let hasTables = Atomic<Bool>(false)

    /// Starts the threads. Each connects with its first use.
    package init(
        _ settings: Writer.Settings, store: String, writers: Int, readers: Int, logger: Logger?
    ) async throws(StoreError) {
        guard writers >= 1, readers >= 1 else {
            throw StoreError(
                .invalidArgument, "a store needs one connection to write and one to read at least",
                server: Writer.server)
        }
        owner = laneOwner()
        let log = ConnectionLog(logger, store: store)
        self.writers = try await ConnectionPool(settings, count: writers, log: log)
        self.readers = try await ConnectionPool(settings, count: readers, log: log)
    }

    package func write<Value: Sendable>(
        _ body: @Sendable (Writer) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let value = try await writers.run(body)
        hasTables.store(true, ordering: .relaxed)
        return value
    }

    /// Runs a query. If no change was written yet, a session that writes makes the tables first.
    package func read<Value: Sendable>(
        _ body: @Sendable (Reader) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        if !hasTables.load(ordering: .relaxed) { try await write { (_) throws(StoreError) in } }
        return try await readers.run(body)
    }

    package func close() async throws(StoreError) {
        // Close the writers last: SQLite's last connection merges the database's own log into its file.
        try await readers.close()
        try await writers.close()
    }
}

/// Returns the name of this process as an owner of lanes: its id and its host.
package func laneOwner() -> String { "\(getpid())@\(hostName())" }

private func hostName() -> String {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { name in
        unsafe name.initialize(repeating: 0)
        // Pass one byte less, because a name that is cut off may have no terminator.
        guard let start = name.baseAddress, unsafe gethostname(start, name.count - 1) == 0 else { return "" }
        return unsafe String(cString: start)
    }
}
