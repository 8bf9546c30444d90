internal import CWALShims

/// A moment in one run of the kernel, by a monotonic clock.
struct KernelRun {
    var boot: BootID
    /// The time since the kernel started, in microseconds; 0 if unknown.
    var uptime: Int64

    static var now: KernelRun { KernelRun(boot: .current, uptime: cwal_uptime_microseconds()) }
}
