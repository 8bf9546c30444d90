internal import Testing

/// Waits until `condition` holds. Records an issue after five minutes.
package func eventually(_ condition: () async throws -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(300)
    while ContinuousClock.now < end {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(2))
    }
    Issue.record("The condition doesn't hold after five minutes.")
}
