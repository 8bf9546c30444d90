import CLimits
import Foundation
import Synchronization

/// Threads that all start at the same time.
public enum OwnThreads {
    /// Runs `body` on each of `count` threads. Returns the seconds from when the first starts until the last one is done.
    ///
    /// - Parameter pinned: Whether each thread stays on one core; threads are distributed over the cores.
    public static func run(
        _ count: Int, pinned: Bool = false, _ body: @escaping @Sendable (Int) throws -> Void
    ) throws -> Double {
        let crew = Crew(body)
        let barrier = UnsafeMutablePointer<pthread_barrier_t>.allocate(capacity: 1)
        pthread_barrier_init(barrier, nil, UInt32(count))
        defer {
            pthread_barrier_destroy(barrier)
            barrier.deallocate()
        }
        let handles = (0..<count).map { index in
            let place = Unmanaged.passRetained(Place(crew: crew, index: index, isPinned: pinned, barrier: barrier))
                .toOpaque()
            var handle = pthread_t()
            let result = pthread_create(&handle, nil, runPlace, place)
            // Threads that wait at the barrier can't be canceled.
            precondition(result == 0, "thread \(index) of \(count) could not be started")
            return handle
        }
        for handle in handles { pthread_join(handle, nil) }
        let (start, end, error) = crew.state.withLock { ($0.start, $0.end, $0.error) }
        if let error { throw error }
        return Double(end - start) / 1e9
    }

    private final class Crew: Sendable {
        let body: @Sendable (Int) throws -> Void
        let state = Mutex(State())

        struct State {
            var start = UInt64.max
            var end: UInt64 = 0
            var error: (any Error)?
        }

        init(_ body: @escaping @Sendable (Int) throws -> Void) {
            self.body = body
        }
    }

    private final class Place {
        let crew: Crew
        let index: Int
        let isPinned: Bool
        let barrier: UnsafeMutablePointer<pthread_barrier_t>

        init(crew: Crew, index: Int, isPinned: Bool, barrier: UnsafeMutablePointer<pthread_barrier_t>) {
            self.crew = crew
            self.index = index
            self.isPinned = isPinned
            self.barrier = barrier
        }
    }

    private static let runPlace: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { argument in
        guard let argument else { return nil }
        let place = Unmanaged<Place>.fromOpaque(argument).takeRetainedValue()
        if place.isPinned { climits_pin(UInt32(place.index)) }
        pthread_barrier_wait(place.barrier)
        let start = climits_now()
        var failure: (any Error)?
        do { try place.crew.body(place.index) } catch { failure = error }
        let end = climits_now()
        place.crew.state.withLock { state in
            state.start = min(state.start, start)
            state.end = max(state.end, end)
            state.error = state.error ?? failure
        }
        return nil
    }
}
