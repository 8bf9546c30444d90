#if SQLite
    #if canImport(Darwin)
        internal import Darwin
    #else
        internal import Glibc
    #endif

    /// Runs the jobs of an actor on a thread of its own, in the order of their arrival, so that SQLite's file operations
    /// never block the cooperative pool. The thread ends when the last reference is gone and every job has run.
    final class SerialThread: SerialExecutor {
        private let jobs: JobQueue

        /// Starts the thread.
        init() throws(SQLiteError) {
            jobs = JobQueue()
            let argument = unsafe Unmanaged.passRetained(jobs)
            #if canImport(Darwin)
                var thread: pthread_t?
            #else
                var thread = pthread_t()
            #endif
            let result = unsafe pthread_create(&thread, nil, { unsafe runJobs($0) }, argument.toOpaque())
            guard result == 0 else {
                unsafe argument.release()
                throw SQLiteError(
                    .outOfMemory, "no thread can be started (errno \(result)): raise the limit of threads")
            }
            #if canImport(Darwin)
                if let thread = unsafe thread { unsafe pthread_detach(thread) }
            #else
                pthread_detach(thread)
            #endif
        }

        deinit {
            jobs.finish()
        }

        func enqueue(_ job: consuming ExecutorJob) {
            jobs.append(JobQueue.Entry(job: UnownedJob(job), executor: self))
        }
    }

    private func runJobs(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let argument = unsafe argument else { return nil }
        let jobs = unsafe Unmanaged<JobQueue>.fromOpaque(argument).takeRetainedValue()
        while true {
            let waiting = jobs.takeAll()
            if waiting.isEmpty { return nil }
            for entry in waiting {
                unsafe entry.job.runSynchronously(on: entry.executor.asUnownedSerialExecutor())
            }
        }
    }

    /// Jobs on their way to the thread.
    ///
    /// `@unchecked Sendable`: `mutex` protects `entries`, `finished`.
    @safe private final class JobQueue: @unchecked Sendable {
        /// The executor is kept until its job has run, because a job may drop the last reference to its actor.
        struct Entry {
            var job: UnownedJob
            var executor: SerialThread
        }

        private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
        private var entries: [Entry] = []
        private var finished = false

        init() {
            unsafe mutex.initialize(to: pthread_mutex_t())
            unsafe changed.initialize(to: pthread_cond_t())
            unsafe pthread_mutex_init(mutex, nil)
            unsafe pthread_cond_init(changed, nil)
        }

        deinit {
            unsafe pthread_cond_destroy(changed)
            unsafe pthread_mutex_destroy(mutex)
            unsafe changed.deallocate()
            unsafe mutex.deallocate()
        }

        func append(_ entry: Entry) {
            unsafe pthread_mutex_lock(mutex)
            entries.append(entry)
            unsafe pthread_cond_signal(changed)
            unsafe pthread_mutex_unlock(mutex)
        }

        /// No job comes any more.
        func finish() {
            unsafe pthread_mutex_lock(mutex)
            finished = true
            unsafe pthread_cond_signal(changed)
            unsafe pthread_mutex_unlock(mutex)
        }

        /// Waits for jobs; returns none only when there will be no more.
        func takeAll() -> [Entry] {
            unsafe pthread_mutex_lock(mutex)
            defer { unsafe pthread_mutex_unlock(mutex) }
            while entries.isEmpty, !finished {
                unsafe pthread_cond_wait(changed, mutex)
            }
            defer { entries = [] }
            return entries
        }
    }
#endif
