internal import Testing
package import WAL

extension WriteAheadLog {
    /// Suspends until each segment that has ended is sealed.
    package func untilSealed() async throws {
        try await eventually { segments.allSatisfy { $0.state != .unsealed } }
    }
}
