/// Runs what blocks, such as opening and closing a log, on a thread of its own, and suspends until it is done.
///
/// The system's other pools of threads won't do: the cooperative one takes its threads from them.
package func offPool<Result: Sendable, Failure: Error>(
    _ body: @escaping @Sendable () throws(Failure) -> Result
) async throws(Failure) -> Result {
    let result = await withCheckedContinuation {
        (continuation: CheckedContinuation<Swift.Result<Result, Failure>, Never>) in
        let work: @Sendable () -> Void = { continuation.resume(returning: Swift.Result(catching: body)) }
        do throws(WALError) {
            try NamedThread.start("wal-blocking", work)
        } catch {
            // No thread can be started: the caller's has to do.
            work()
        }
    }
    return try result.get()
}
