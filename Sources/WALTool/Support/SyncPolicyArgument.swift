import ArgumentParser
import WAL

/// `always`, `interval:5ms`, `bytes:1MiB` or `manual`.
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
            guard let duration = Self.duration(parts[1]) else { return nil }
            policy = .interval(duration)
        case ("bytes", 2):
            guard let size = Self.size(parts[1]) else { return nil }
            policy = .bytes(size)
        default: return nil
        }
    }

    var defaultValueDescription: String { text }

    private static func duration(_ text: String) -> Duration? {
        guard let (number, unit) = split(text), number > 0 else { return nil }
        return switch unit {
        case "us", "µs": .microseconds(number)
        case "ms": .milliseconds(number)
        case "s": .seconds(number)
        default: nil
        }
    }

    private static func size(_ text: String) -> Int? {
        guard let (number, unit) = split(text), number > 0, number < 1 << 32 else { return nil }
        return switch unit {
        case "", "B": number
        case "KiB": number << 10
        case "MiB": number << 20
        case "GiB": number << 30
        default: nil
        }
    }

    private static func split(_ text: String) -> (Int, Substring)? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        return Int(digits).map { ($0, text[digits.endIndex...]) }
    }
}
