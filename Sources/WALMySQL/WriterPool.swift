#if MySQL
    internal import WAL
    internal import WALTasks

    /// The connections that write, each on a thread of its own: hands a free one to each call. Callers wait in line.
    actor WriterPool {
        typealias Writer = DatabaseThread<SessionKeeper<WriteSession>, MySQLError>

        private let writers: [Writer]
        /// The one that was used last goes first: connections that few callers need are never opened.
        private var free: [Writer]
        private var waiting: [CheckedContinuation<Writer, Never>] = []

        init(_ writers: [Writer]) {
            self.writers = writers
            free = writers.reversed()
        }

        nonisolated func run<Result: Sendable>(
            _ body: @Sendable (WriteSession) throws(MySQLError) -> Result
        ) async throws(MySQLError) -> Result {
            let writer = await take()
            do throws(MySQLError) {
                let result = try await writer.run { (keeper) throws(MySQLError) in
                    try keeper.run(isQuery: false) { (session) throws(MySQLError) in try body(session) }
                }
                await giveBack(writer)
                return result
            } catch {
                await giveBack(writer)
                throw error
            }
        }

        private func take() async -> Writer {
            if let writer = free.popLast() { return writer }
            return await withCheckedContinuation { waiting.append($0) }
        }

        private func giveBack(_ writer: Writer) {
            if waiting.isEmpty { free.append(writer) } else { waiting.removeFirst().resume(returning: writer) }
        }

        /// Frees the sessions, when what they do is done.
        nonisolated func close() async throws(MySQLError) {
            for writer in writers { try await writer.close() }
        }
    }
#endif
