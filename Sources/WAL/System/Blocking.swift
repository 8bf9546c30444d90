/// Threads for calls that block.
package enum Blocking {
    /// Runs a blocking call, such as opening a log, on a thread of its own, and suspends until it returns.
    ///
    /// Threads of Dispatch don't do: the cooperative pool takes its threads from there.
    package static func run<Result: Sendable, Failure: Error>(
        _ body: @escaping @Sendable () throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        let result = await withCheckedContinuation {
            (continuation: CheckedContinuation<Swift.Result<Result, Failure>, Never>) in
            let work: @Sendable () -> Void = { continuation.resume(returning: Swift.Result(catching: body)) }
            do throws(WALError) {
                try NamedThread.start("wal-blocking", work)
            } catch {
                // The system starts no more threads: the caller's thread runs the call.
                work()
            }
        }
        return try result.get()
    }
}
