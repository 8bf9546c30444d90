internal import CWALShims
internal import Synchronization

/// Where threads sleep until something happens, without a mutex to take when they wake: with a condition variable the threads
/// that a group commit wakes would all queue for its mutex first.
///
/// `@unchecked Sendable`: the pointer never changes, and what it points to is an atomic.
@safe
final class WaitWord: @unchecked Sendable {
    private let word: UnsafeMutablePointer<Atomic<UInt32>>

    init() {
        unsafe word = .allocate(capacity: 1)
        unsafe word.initialize(to: Atomic(0))
    }

    deinit {
        unsafe word.deinitialize(count: 1)
        unsafe word.deallocate()
    }

    /// To be read before the look at what is waited for: what happens after it ends ``sleep(since:)`` at once.
    var moment: UInt32 {
        unsafe word.pointee.load(ordering: .acquiring)
    }

    /// Returns when somebody has woken threads since that moment, or without a reason.
    func sleep(since moment: UInt32) {
        unsafe cwal_wait_while_equal(UnsafeRawPointer(word).assumingMemoryBound(to: UInt32.self), moment)
    }

    /// Wakes one of those who sleep, and lets those who are about to look again.
    func wakeOne() {
        unsafe word.pointee.wrappingAdd(1, ordering: .releasing)
        unsafe cwal_wake_one(UnsafeRawPointer(word).assumingMemoryBound(to: UInt32.self))
    }

    /// Wakes all who sleep.
    func wakeAll() {
        unsafe word.pointee.wrappingAdd(1, ordering: .releasing)
        unsafe cwal_wake_all(UnsafeRawPointer(word).assumingMemoryBound(to: UInt32.self))
    }
}
