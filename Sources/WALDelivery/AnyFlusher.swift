package import WAL

/// A flusher into a sink of any type.
package protocol AnyFlusher: Sendable {
    func run() async throws
    func waitUntilAsked() async throws(WALError)
    func drain() async throws(WALError)
    var appliedSequence: SequenceNumber { get }
    var health: FlusherHealth { get }
}

extension Flusher: AnyFlusher {}
