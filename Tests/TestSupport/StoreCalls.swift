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
