internal import Dispatch

/// Runs what blocks, such as opening and closing a log, outside of the cooperative thread pool.
func offPool<Result: Sendable, Failure: Error>(
    _ body: @escaping @Sendable () throws(Failure) -> Result
) async throws(Failure) -> Result {
    let result = await withCheckedContinuation {
        (continuation: CheckedContinuation<Swift.Result<Result, Failure>, Never>) in
        DispatchQueue.global().async {
            continuation.resume(returning: Swift.Result(catching: body))
        }
    }
    return try result.get()
}
