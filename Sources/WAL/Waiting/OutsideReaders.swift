internal import Synchronization

/// The readers in other processes that wait at the end of the log, for its writer.
///
/// A producer looks at one word of a mapping after each commit, and does nothing else while no reader waits.
///
/// `@unchecked Sendable` for ``frameFlag``, a constant address of an atomic, which ``file`` keeps mapped.
@safe
struct OutsideReaders: @unchecked Sendable {
    private let file: WaitersFile?
    /// The flag of readers that wait for a frame. Without a file, a word that stays 0.
    private let frameFlag: UnsafePointer<Atomic<UInt32>>
    /// Held for each wake-up. Holds a byte, because ThreadSanitizer reports accesses to an empty value as accesses to its neighbor.
    private let turn = Monitor<UInt8>(0)

    /// A word that nothing ever stores to.
    nonisolated(unsafe) private static let clearFlag = {
        let flag = UnsafeMutablePointer<Atomic<UInt32>>.allocate(capacity: 1)
        unsafe flag.initialize(to: Atomic(0))
        return unsafe UnsafePointer(flag)
    }()

    /// Makes the writer's side. Without a file, readers poll.
    init(_ file: WaitersFile?) {
        self.file = file
        unsafe frameFlag = file.map { unsafe $0.word(of: .frame) } ?? Self.clearFlag
    }

    /// Wakes the readers that wait for a frame, after its commit.
    @inline(__always)
    func committed() {
        if unsafe frameFlag.pointee.load(ordering: .sequentiallyConsistent) != 0 { answerFrame() }
    }

    /// Wakes the readers that wait for a durable position.
    func becameDurable(_ position: UInt64) {
        guard let file, file.isAwaited(.durablePosition) else { return }
        turn.withLock { _ in file.announceDurable(position) }
    }

    // Rare, so not inlined.
    @inline(never)
    private func answerFrame() {
        guard let file else { return }
        turn.withLock { _ in
            if file.isAwaited(.frame) { file.announceFrame() }
        }
    }
}
