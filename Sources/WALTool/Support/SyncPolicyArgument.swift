import ArgumentParser
import WAL

/// A sync policy: `always`, `interval:5ms`, `bytes:1MiB` or `manual`.
struct SyncPolicyArgument: ExpressibleByArgument, Sendable {
    var policy: WriteAheadLog.SyncPolicy
    var text: String

    static let standard = SyncPolicyArgument(.interval(.milliseconds(5)), text: "interval:5ms")

    private init(_ policy: WriteAheadLog.SyncPolicy, text: String) {
        self.policy = policy
        self.text = text
    }

    init?(argument: String) {
        text = argument
        let parts = argument.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        switch (parts[0], parts.count) {
        case ("always", 1): policy = .always
        case ("manual", 1): policy = .manual
        case ("interval", 2):
            guard let duration = DurationArgument(argument: parts[1]) else { return nil }
            policy = .interval(duration.duration)
        case ("bytes", 2):
            guard let size = SizeArgument(argument: parts[1]) else { return nil }
            policy = .bytes(size.bytes)
        default: return nil
        }
    }

    var defaultValueDescription: String { text }
}
