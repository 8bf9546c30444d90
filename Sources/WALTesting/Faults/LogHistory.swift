public import WAL

/// What was done to a log, and what it has promised: tells what may be in it after a crash.
///
/// Say what you do and what the log answers; after a crash, compare with ``violations(in:after:)``, and go on with
/// ``resume(from:)``. All payloads of a history must be different.
public struct LogHistory: Sendable {
    /// How the log's process ended.
    public enum Ending: String, Hashable, Sendable {
        /// The log was closed, without an error.
        case closed
        /// The process was killed: what was written is there.
        case killed
        /// The machine lost its power: what was durable is there.
        case powerLoss
    }

    /// Something about a log that its history doesn't allow.
    public struct Violation: Hashable, Sendable, CustomStringConvertible {
        /// What sort of thing.
        public enum Kind: String, Hashable, Sendable, CaseIterable {
            /// A record that was promised isn't there.
            case loss
            /// A record that was never appended, or not as this, or that was gone before.
            case foreign
            /// A record that is there twice, or out of order, or behind one that is missing; or a number given again.
            case order
            /// A cursor that isn't what was set.
            case cursor
            /// A finding that says more, or other, than what happened.
            case finding
        }

        public var kind: Kind
        public var description: String

        /// Makes one that was found in another way.
        public init(_ kind: Kind, _ description: String) {
            self.kind = kind
            self.description = description
        }
    }

    /// By sequence number, what `append` has returned for.
    private var reported: [UInt64: [UInt8]] = [:]
    /// What may have been appended: `append` has not returned, or with an error that leaves it open.
    private var unknown: Set<Payload> = []
    /// What wasn't there after a crash, and must not come back.
    private var gone: Set<Payload> = []
    /// Records up to here may have been removed by retention.
    private var removable: UInt64 = 0
    /// The values since the last one that is durable, which is the first.
    private var cursors: [String: [UInt64?]] = [:]

    /// The last sequence number that the log has called durable.
    public private(set) var durable: UInt64 = 0
    /// The last sequence number that `append` has returned.
    public private(set) var last: UInt64 = 0
    /// The kernel has dropped pages after a failed sync, so what was not durable may be lost, from the middle too, and be called damage.
    public var pagesWereLost = false

    /// The log had no room or no disk for a while, so a cursor that was set may not be written yet.
    public var cursorsMayLag = false

    /// Makes the history of a log that is new.
    public init() {}

    // MARK: Telling

    /// Payloads are about to be appended. To be said before, so that they aren't foreign if the process dies in between.
    public mutating func willAppend(_ payloads: [UInt8]...) {
        unknown.formUnion(payloads.map(Payload.init))
    }

    /// The payloads were appended, the last one with this sequence number, the others right before it.
    ///
    /// Returns what is wrong with that number; nil if nothing is.
    public mutating func didAppend(_ payloads: [[UInt8]], last sequence: SequenceNumber) -> Violation? {
        let first = sequence.rawValue + 1 - UInt64(payloads.count)
        let isWrong = first <= max(last, durable)
        for (index, payload) in payloads.enumerated() {
            unknown.remove(Payload(payload))
            reported[first + UInt64(index)] = payload
        }
        let previous = max(last, durable)
        last = max(last, sequence.rawValue)
        return isWrong ? Violation(.order, "sequence number \(first) was given when \(previous) had been") : nil
    }

    /// Everything up to this record, and every cursor that was set before, is durable.
    public mutating func becameDurable(through sequence: SequenceNumber) {
        durable = max(durable, sequence.rawValue)
        guard !cursorsMayLag else { return }
        for name in cursors.keys { cursors[name] = cursors[name]?.suffix(1) }
    }

    /// The same for the records only.
    public mutating func recordsBecameDurable(through sequence: SequenceNumber) {
        durable = max(durable, sequence.rawValue)
    }

    /// A cursor was set, or removed. Of cursors that this isn't said of nothing is expected.
    public mutating func didSetCursor(_ name: String, to sequence: SequenceNumber?) {
        cursors[name, default: [nil]].append(sequence?.rawValue)
    }

    /// Retention may remove records up to this one from now on.
    public mutating func mayRemove(through sequence: SequenceNumber) {
        removable = max(removable, sequence.rawValue)
    }

    // MARK: Asking

    /// What `append` has returned for and no crash has taken, in order.
    public var records: [LogContents.Record] {
        reported.sorted { $0.key < $1.key }.map { LogContents.Record(sequence: $0.key, payload: $0.value) }
    }

    /// What is wrong with a log that was opened again. Empty if nothing is.
    public func violations(in found: LogContents, after ending: Ending) -> [Violation] {
        order(of: found) + origin(of: found) + presence(in: found, ending) + cursors(in: found, ending)
            + findings(in: found, ending)
    }

    /// What is wrong with a record that was read from the log while it was open; nil if nothing is.
    public func violation(in record: LogContents.Record) -> Violation? {
        let payload = Payload(record.payload)
        let isKnown = reported[record.sequence].map { $0 == record.payload } ?? unknown.contains(payload)
        return isKnown && !gone.contains(payload)
            ? nil : Violation(.foreign, "\(record.sequence) isn't what was appended")
    }

    /// Takes what was found for what is in the log from now on: opening has made it durable.
    public mutating func resume(from found: LogContents) {
        let payloads = Set(found.records.map { Payload($0.payload) })
        gone.formUnion(unknown.subtracting(payloads))
        gone.formUnion(reported.values.lazy.map(Payload.init).filter { !payloads.contains($0) })
        unknown = []
        reported = Dictionary(found.records.map { ($0.sequence, $0.payload) }) { first, _ in first }
        durable = max(durable, found.records.last?.sequence ?? 0)
        last = durable
        if let values = found.cursors {
            for name in cursors.keys { cursors[name] = [values[name]] }
        }
        pagesWereLost = false
        cursorsMayLag = false
    }

    private func order(of found: LogContents) -> [Violation] {
        zip(found.records, found.records.dropFirst()).compactMap { before, record in
            record.sequence > before.sequence
                ? nil : Violation(.order, "\(record.sequence) is read behind \(before.sequence)")
        }
    }

    private func origin(of found: LogContents) -> [Violation] {
        var problems: [Violation] = []
        var seen: Set<Payload> = []
        for record in found.records {
            // All that was told differs, so in its own place it is there once.
            if reported[record.sequence] == record.payload { continue }
            let payload = Payload(record.payload)
            if !seen.insert(payload).inserted {
                problems.append(Violation(.order, "\(record.sequence) is there twice"))
            }
            if gone.contains(payload) {
                problems.append(Violation(.foreign, "\(record.sequence) was gone, and is back"))
            } else if reported[record.sequence] != nil || !unknown.contains(payload) {
                problems.append(Violation(.foreign, "\(record.sequence) isn't what was appended"))
            }
        }
        return problems
    }

    private func presence(in found: LogContents, _ ending: Ending) -> [Violation] {
        let there = Set(found.records.map(\.sequence))
        let first = found.records.first?.sequence ?? .max
        let isAllSafe = ending != .powerLoss && !pagesWereLost
        var problems: [Violation] = []
        var firstLost: UInt64?
        for sequence in reported.keys.sorted() {
            if there.contains(sequence) {
                if let firstLost, !pagesWereLost {
                    problems.append(Violation(.order, "\(sequence) is there, and \(firstLost) isn't"))
                }
            } else if sequence <= durable || isAllSafe {
                if sequence > removable || sequence > first {
                    problems.append(
                        Violation(
                            .loss, "\(sequence) is lost; \(sequence <= durable ? "it was durable" : "it was written")"))
                }
            } else {
                firstLost = firstLost ?? sequence
            }
        }
        return problems
    }

    private func cursors(in found: LogContents, _ ending: Ending) -> [Violation] {
        guard let values = found.cursors else { return [] }
        return cursors.compactMap { name, possible in
            let isExact = ending != .powerLoss && !pagesWereLost && !cursorsMayLag
            let allowed = isExact ? possible.suffix(1) : possible[...]
            guard !allowed.contains(values[name]) else { return nil }
            return Violation(
                .cursor, "cursor \(name) is \(values[name].map(String.init) ?? "gone"), and not one of \(allowed)")
        }
    }

    private func findings(in found: LogContents, _ ending: Ending) -> [Violation] {
        found.findings.compactMap { finding in
            let isAllowed =
                switch (ending, finding.classification) {
                case (.closed, _): false
                case (.killed, .abandonedClaims), (.powerLoss, .tornTail): true
                default: pagesWereLost
                }
            return isAllowed
                ? nil
                : Violation(
                    .finding,
                    "segment \(finding.segment), offset \(finding.offset): \(finding.classification.rawValue), \(finding.evidence)"
                )
        }
    }
}

/// Bytes that are hashed as a whole, and not one by one as an array's elements are.
private struct Payload: Hashable {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    func hash(into hasher: inout Hasher) {
        unsafe bytes.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
    }
}
