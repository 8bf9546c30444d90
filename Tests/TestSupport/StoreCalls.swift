package import WALTasks

/// What a store throws; nil if it throws nothing.
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
