/// Threads for calls that block.
package enum Blocking {
    /// Runs a blocking call, such as opening a log, on a thread of its own, and suspends until it returns.
    ///
    /// Dispatch threads aren't suitable, because the cooperative pool takes its threads from Dispatch.
    package static func run<Result: Sendable, Failure: Error>(
        _ body: @escaping @Sendable () throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        let result = await withCheckedContinuation {
            (continuation: CheckedContinuation<Swift.Result<Result, Failure>, Never>) in
            let work: @Sendable () -> Void = { continuation.resume(returning: Swift.Result(catching: body)) }
            do throws(WALError) {
                try NamedThread.start("wal-blocking", work)
            } catch {
                // The system can't start more threads, so the caller's thread runs the call.
                work()
            }
        }
        return try result.get()
    }
}
