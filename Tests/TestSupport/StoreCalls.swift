package import WALTasks

/// The error that `body` throws, or nil.
package func error(of body: () async throws -> Void) async -> StoreError? {
    do {
        try await body()
        return nil
    } catch {
        return error as? StoreError
    }
}

package func code(of body: () async throws -> Void) async -> StoreError.Code? {
    await error(of: body)?.code
}

/// Repeats a call until it succeeds, at most for five minutes. A busy server may need longer than a store's short time limit.
package func repeated<Value>(_ body: () async throws -> Value) async throws -> Value {
    let end = ContinuousClock.now + .seconds(300)
    while true {
        do {
            return try await body()
        } catch  where error is StoreError && .now < end {
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
