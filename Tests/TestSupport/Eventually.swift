internal import Foundation
package import Testing

/// The time after which a condition counts as never met. A busy machine may need minutes.
private let patience = Duration.seconds(300)

/// Suspends until `condition` holds. Checks it at each interval, and records an issue after five minutes.
package func eventually(
    every interval: Duration = .milliseconds(2), _ condition: () async throws -> Bool,
    at location: SourceLocation = #_sourceLocation
) async throws {
    let end = ContinuousClock.now + patience
    while ContinuousClock.now < end {
        if try await condition() { return }
        try await Task.sleep(for: interval)
    }
    Issue.record("The condition doesn't hold after five minutes.", sourceLocation: location)
}

/// Blocks until `condition` holds. Checks it at each interval, and records an issue after five minutes.
@available(*, noasync)
package func eventuallyBlocking(
    every interval: Duration = .milliseconds(2), _ condition: () throws -> Bool,
    at location: SourceLocation = #_sourceLocation
) rethrows {
    let end = ContinuousClock.now + patience
    while ContinuousClock.now < end {
        if try condition() { return }
        usleep(useconds_t(interval / Duration.microseconds(1)))
    }
    Issue.record("The condition doesn't hold after five minutes.", sourceLocation: location)
}
