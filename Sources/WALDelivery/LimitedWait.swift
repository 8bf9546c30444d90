internal import WAL

/// Runs `body` and waits for its end, but no longer than `limit`, after which it is cancelled and no longer waited for: a client
/// library that blocks can't be interrupted. Returns whether it has ended.
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
    // In a task of its own: the caller may be cancelled, and then iterating would end at once.
    return await Task {
        for await hasEnded in outcome { return hasEnded }
        return false
    }.value
}
