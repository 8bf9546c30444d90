/// The plan that decides whether a call fails. It makes no calls itself.
struct FaultPlan {
    struct Rule {
        var operation: StorageOperation?
        /// The number of calls until the fault is due.
        var remaining: Int
        var times: Int
        var fault: StorageFault
    }

    private(set) var counts: [StorageOperation: Int] = [:]
    private(set) var injected: [InjectedFault] = []
    var rules: [Rule] = []
    var random: (generator: SeededGenerator, oneIn: Int)?

    mutating func heal() {
        rules = []
        random = nil
    }

    /// Counts a call, and returns the call's fault, if any.
    mutating func next(_ operation: StorageOperation) -> StorageFault? {
        counts[operation, default: 0] += 1
        var fault: StorageFault?
        for index in rules.indices where rules[index].operation == nil || rules[index].operation == operation {
            if rules[index].remaining > 1 {
                rules[index].remaining -= 1
            } else if rules[index].times > 0 {
                rules[index].times -= 1
                fault = fault ?? rules[index].fault
            }
        }
        fault = fault ?? randomFault(operation)
        guard let fault, fault != .short || operation == .read || operation == .write else { return nil }
        injected.append(InjectedFault(operation: operation, number: counts[operation] ?? 0, fault: fault))
        return fault
    }

    private mutating func randomFault(_ operation: StorageOperation) -> StorageFault? {
        guard var generator = random?.generator, let oneIn = random?.oneIn else { return nil }
        defer { random?.generator = generator }
        guard Int.random(in: 0..<oneIn, using: &generator) == 0 else { return nil }
        let faults: [StorageFault] =
            switch operation {
            case .write: [.diskFull, .inputOutput, .short, .interrupted]
            case .read: [.inputOutput, .short, .interrupted]
            case .sync: [.inputOutput, .losingPages, .diskFull, .interrupted]
            case .open, .makeDirectory, .link, .rename: [.diskFull, .inputOutput]
            case .truncate, .syncDirectory, .map, .lock, .list, .remove: [.inputOutput, .interrupted]
            }
        return faults.randomElement(using: &generator)
    }
}

/// A fault that was injected into a call.
public struct InjectedFault: Hashable, Sendable, CustomStringConvertible {
    /// The kind of the call.
    public var operation: StorageOperation
    /// The number of the call among the calls of its kind, counted from 1.
    public var number: Int
    /// The injected fault.
    public var fault: StorageFault

    public var description: String { "\(operation.rawValue) \(number): \(fault)" }
}
