internal import WAL

/// Runs `body` and waits at most `limit` for its end. Returns whether it has ended.
///
/// After the limit, `body` is canceled and left running, because a client library that blocks can't be interrupted.
package func returns(within limit: Duration, _ body: @escaping @Sendable () async -> Void) async -> Bool {
    let (outcome, continuation) = AsyncStream<Bool>.makeStream()
    let work = Task {
        await body()
        continuation.yield(true)
    }
    let timer = Task {
        try? await Task.sleep(for: limit)
        continuation.yield(false)
    }
    defer {
        work.cancel()
        timer.cancel()
    }
    // Iterate in a separate task. If the caller is canceled, iterating in its own task would end at once.
    return await Task {
        for await hasEnded in outcome { return hasEnded }
        return false
    }.value
}

/// Runs `body` and returns its error, for a task whose caller awaits that.
func errorThrown(by body: () async throws(WALError) -> Void) async -> WALError? {
    do throws(WALError) {
        try await body()
        return nil
    } catch {
        return error
    }
}
