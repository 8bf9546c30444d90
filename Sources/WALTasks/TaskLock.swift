#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// A plain mutex. `Synchronization.Mutex` is a priority-inheriting futex on Linux, which takes 20 µs or more for each
/// operation once several threads contend.
@safe final class TaskLock: @unchecked Sendable {
    // The pointer never changes, and its target is only passed to pthread calls, which are thread-safe.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

    init() {
        unsafe mutex.initialize(to: pthread_mutex_t())
        let status = unsafe pthread_mutex_init(mutex, nil)
        precondition(status == 0, "pthread_mutex_init: \(status)")
    }

    deinit {
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
    }

    func lock() {
        let status = unsafe pthread_mutex_lock(mutex)
        precondition(status == 0, "pthread_mutex_lock: \(status)")
    }

    func unlock() {
        let status = unsafe pthread_mutex_unlock(mutex)
        precondition(status == 0, "pthread_mutex_unlock: \(status)")
    }

    func withLock<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        lock()
        defer { unlock() }
        return try body()
    }
}
