internal import WAL

#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

extension Timestamp {
    /// The current time to the microsecond. `now` advances only every 1 to 4 ms, and a thread may log thousands of
    /// lines in that time.
    static var precise: Timestamp {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(rawValue: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }
}
