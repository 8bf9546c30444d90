internal import CWALShims
internal import Synchronization

/// A futex with its own count of wake-ups, so that waiting threads take no mutex when they wake. With a condition
/// variable, the threads that a group commit wakes would first queue for its mutex.
///
/// A waiter calls ``prepareToWait()``, checks its condition, and then calls ``wait(_:)``.
///
/// `@unchecked Sendable`: the pointer never changes, and its target is an atomic.
@safe
final class EventCount: @unchecked Sendable {
    private let word: UnsafeMutablePointer<Atomic<UInt32>>

    init() {
        unsafe word = .allocate(capacity: 1)
        unsafe word.initialize(to: Atomic(0))
    }

    deinit {
        unsafe word.deinitialize(count: 1)
        unsafe word.deallocate()
    }

    /// Returns a key for ``wait(_:)``. Call it before checking the condition: a wake-up after this call ends the wait
    /// immediately.
    func prepareToWait() -> UInt32 {
        unsafe word.pointee.load(ordering: .acquiring)
    }

    /// Blocks until there is a wake-up after the key was made. May return earlier, spuriously.
    func wait(_ key: UInt32) {
        unsafe cwal_wait_while_equal(UnsafeRawPointer(word).assumingMemoryBound(to: UInt32.self), key)
    }

    /// Wakes one waiting thread. Threads between ``prepareToWait()`` and ``wait(_:)`` don't block.
    func wakeOne() {
        unsafe word.pointee.wrappingAdd(1, ordering: .releasing)
        unsafe cwal_wake_one(UnsafeRawPointer(word).assumingMemoryBound(to: UInt32.self))
    }

    /// Wakes all waiting threads.
    func wakeAll() {
        unsafe word.pointee.wrappingAdd(1, ordering: .releasing)
        unsafe cwal_wake_all(UnsafeRawPointer(word).assumingMemoryBound(to: UInt32.self))
    }
}
