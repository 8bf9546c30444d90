internal import Foundation
internal import Testing

/// Sets how large a file of this process may become, in bytes, as `ulimit -f` does. Nil removes the limit.
package func setFileSizeLimit(_ count: Int?) {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
    limit.rlim_cur = count.map { rlim_t($0) } ?? limit.rlim_max
    #expect(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
}
