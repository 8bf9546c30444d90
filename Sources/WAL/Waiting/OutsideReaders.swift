/// The readers in other processes that wait at the end of the log, for its writer.
///
/// A producer looks at one word of a mapping after each commit, and does nothing else while no reader waits.
final class OutsideReaders: Sendable {
    private let file: WaitersFile?
    /// Held for each wake-up.
    private let turn = Monitor(())

    /// Makes the writer's side. Without a file, readers poll.
    init(_ file: WaitersFile?) {
        self.file = file
    }

    /// Wakes the readers that wait for a frame, after its commit.
    @inline(__always)
    func committed() {
        if let file, file.isAwaited(.frame) { wake(file, .frame) {} }
    }

    /// Wakes the readers that wait for a durable position.
    func becameDurable(_ position: UInt64) {
        guard let file, file.isAwaited(.durablePosition) else { return }
        wake(file, .durablePosition) { file.storeDurablePosition(position) }
    }

    @inline(never)
    private func wake(_ file: WaitersFile, _ event: WaitersFile.Event, after prepare: () -> Void) {
        turn.withLock { _ in
            guard file.isAwaited(event) else { return }
            file.clear(event)
            prepare()
            file.wake()
        }
    }
}
