#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// State protected by a mutex, with a condition to wait for.
///
/// It isn't `Synchronization.Mutex` for three reasons. On Linux that is a priority-inheriting futex, which is a hundred
/// times slower under contention. ThreadSanitizer doesn't see the kernel hand it over. It has no condition variable.
///
/// `@unchecked Sendable`: `mutex` protects `state`, only `withLock` and `wait` access it, and the pointers never
/// change.
@safe
@usableFromInline
package final class Monitor<State>: @unchecked Sendable {
    // Internal, because `withLock` is inlined into other modules: without inlining, each call is generic, which takes
    // ten times as long.
    @usableFromInline var state: State
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>

    package init(_ state: State) {
        self.state = state
        unsafe mutex = .allocate(capacity: 1)
        unsafe mutex.initialize(to: pthread_mutex_t())
        unsafe pthread_mutex_init(mutex, nil)
        unsafe condition = .allocate(capacity: 1)
        unsafe condition.initialize(to: pthread_cond_t())
        #if os(Linux)
            var attributes = pthread_condattr_t()
            unsafe pthread_condattr_init(&attributes)
            unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
            unsafe pthread_cond_init(condition, &attributes)
            unsafe pthread_condattr_destroy(&attributes)
        #else
            unsafe pthread_cond_init(condition, nil)
        #endif
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    @inlinable
    package func withLock<Result, Failure: Error>(
        _ body: (inout State) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        lock()
        defer { unlock() }
        return try body(&state)
    }

    @usableFromInline
    func lock() {
        unsafe pthread_mutex_lock(mutex)
    }

    @usableFromInline
    func unlock() {
        unsafe pthread_mutex_unlock(mutex)
    }

    /// Calls `body` until it returns a value, and waits for a notification between calls. Returns nil when `deadline`
    /// passes.
    package func wait<Result, Failure: Error>(
        until deadline: ContinuousClock.Instant? = nil, _ body: (inout State) throws(Failure) -> Result?
    ) throws(Failure) -> Result? {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while true {
            if let result = try body(&state) { return result }
            guard waitForSignal(until: deadline) else { return nil }
        }
    }

    /// Calls `body` until it returns a value. Waits for a notification between calls, or until the time that the last call has set.
    func wait<Result>(_ body: (inout State, inout ContinuousClock.Instant?) -> Result?) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while true {
            var deadline: ContinuousClock.Instant?
            if let result = body(&state, &deadline) { return result }
            waitForSignal(until: deadline)
        }
    }

    /// Waits for a notification, or until the deadline. Returns false at once if the deadline has passed.
    @discardableResult
    private func waitForSignal(until deadline: ContinuousClock.Instant?) -> Bool {
        guard let deadline else {
            unsafe pthread_cond_wait(condition, mutex)
            return true
        }
        let rest = ContinuousClock.now.duration(to: deadline)
        guard rest > .zero else { return false }
        var time = timespec()
        let (seconds, attoseconds) = min(rest, .seconds(1 << 30)).components
        #if os(Linux)
            unsafe clock_gettime(CLOCK_MONOTONIC, &time)
            let nanoseconds = Int64(time.tv_nsec) + attoseconds / 1_000_000_000
            time.tv_sec += Int(seconds + nanoseconds / 1_000_000_000)
            time.tv_nsec = Int(nanoseconds % 1_000_000_000)
            unsafe pthread_cond_timedwait(condition, mutex, &time)
        #else
            time.tv_sec = Int(seconds)
            time.tv_nsec = Int(attoseconds / 1_000_000_000)
            unsafe pthread_cond_timedwait_relative_np(condition, mutex, &time)
        #endif
        return true
    }

    /// Wakes one waiting thread.
    func notifyOne() {
        unsafe pthread_cond_signal(condition)
    }

    /// Wakes all waiting threads.
    package func notifyAll() {
        unsafe pthread_cond_broadcast(condition)
    }
}
