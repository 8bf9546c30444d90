import Foundation

/// The number of random cases of a test: more with `WAL_LONG` in the environment.
enum Cases {
    private static let isLong = ProcessInfo.processInfo.environment["WAL_LONG"] != nil

    static func count(_ count: Int, long: Int) -> Int { isLong ? long : count }
}
