import ArgumentParser
import WAL

extension SequenceNumber: @retroactive ExpressibleByArgument {
    public init?(argument: String) {
        guard let number = UInt64(argument) else { return nil }
        self.init(rawValue: number)
    }
}

extension Timestamp: @retroactive ExpressibleByArgument {
    public init?(argument: String) {
        self.init(argument)
    }
}
