internal import CWALShims

/// A moment in one run of the kernel, by a clock that doesn't jump.
struct KernelRun {
    var boot: BootID
    /// In microseconds; 0 if unknown.
    var uptime: Int64

    static var now: KernelRun { KernelRun(boot: .current, uptime: cwal_uptime_microseconds()) }
}
