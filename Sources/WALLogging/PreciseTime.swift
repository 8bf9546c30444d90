internal import WAL

#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

extension Timestamp {
    /// The current time to the microsecond. `now` ticks every 1 to 4 ms, in which a thread may log thousands of lines.
    static var precise: Timestamp {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(rawValue: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }
}
