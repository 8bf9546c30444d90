public import WAL

/// The operations on a log and the guarantees that the log has given. They determine the allowed contents after a
/// crash.
///
/// Report each operation and the log's reply to the history. After a crash, check the contents with
/// ``violations(in:after:)``, and continue with ``resume(from:)``. All payloads of a history must be different.
public struct LogHistory: Sendable {
    /// The way in which the log's process ended.
    public enum Ending: String, Hashable, Sendable {
        /// The log was closed without an error.
        case closed
        /// The process was killed. Every write survives.
        case killed
        /// The machine lost its power. Only durable data is sure to survive.
        case powerLoss
    }

    /// A difference between a log and its history.
    public struct Violation: Hashable, Sendable, CustomStringConvertible {
        /// The kind of a violation.
        public enum Kind: String, Hashable, Sendable, CaseIterable {
            /// A record that the log guaranteed is missing.
            case loss
            /// A record was never appended, differs from the appended record, or was missing after an earlier crash.
            case foreign
            /// A record occurs twice, is out of order, or follows a missing record. Or a sequence number was reused.
            case order
            /// A cursor has a value that was never set.
            case cursor
            /// A finding contradicts the events.
            case finding
        }

        /// The kind of the violation.
        public var kind: Kind
        /// The difference, in words.
        public var description: String

        /// Makes a violation that your code has found. Each argument sets the property of the same name.
        public init(_ kind: Kind, _ description: String) {
            self.kind = kind
            self.description = description
        }
    }

    /// The payloads for which `append` has returned, by sequence number.
    private var reported: [UInt64: [UInt8]] = [:]
    /// The payloads that may have been appended: `append` hasn't returned, or has thrown an error that leaves the
    /// outcome open.
    private var unknown: Set<Payload> = []
    /// The payloads that were missing after a crash and must not reappear.
    private var gone: Set<Payload> = []
    /// The sequence number of the last record that retention may have removed.
    private var removable: UInt64 = 0
    /// The values of each cursor since its last durable value, which comes first.
    private var cursors: [String: [UInt64?]] = [:]

    /// The last sequence number that the log has reported as durable.
    public private(set) var durable: UInt64 = 0
    /// The last sequence number that `append` has returned.
    public private(set) var last: UInt64 = 0
    /// Whether the kernel has dropped pages after a failed sync. Then records that weren't durable may be lost, even
    /// from the middle of the log, and may be reported as damage.
    public var pagesWereLost = false

    /// Whether the log had no space or no disk for a while. Then the value of a cursor may not be written yet.
    public var cursorsMayLag = false

    /// Makes the history of a new log.
    public init() {}

    // MARK: Reporting

    /// Reports payloads that are about to be appended, so that they don't count as foreign if the process dies during
    /// the append.
    ///
    /// - Parameter payloads: The payloads.
    public mutating func willAppend(_ payloads: [UInt8]...) {
        unknown.formUnion(payloads.map(Payload.init))
    }

    /// Reports that payloads were appended with consecutive sequence numbers.
    ///
    /// - Parameters:
    ///   - payloads: The payloads in their order.
    ///   - sequence: The sequence number of the last payload.
    /// - Returns: A violation if the sequence numbers are wrong; otherwise nil.
    public mutating func didAppend(_ payloads: [[UInt8]], last sequence: SequenceNumber) -> Violation? {
        let first = sequence.rawValue + 1 - UInt64(payloads.count)
        let isWrong = first <= max(last, durable)
        for (index, payload) in payloads.enumerated() {
            unknown.remove(Payload(payload))
            reported[first + UInt64(index)] = payload
        }
        let previous = max(last, durable)
        last = max(last, sequence.rawValue)
        return isWrong ? Violation(.order, "sequence number \(first) was given after \(previous)") : nil
    }

    /// Reports that the records up to and including `sequence` are durable, and so are all cursors that were set
    /// before.
    ///
    /// - Parameter sequence: The number of the last durable record.
    public mutating func becameDurable(through sequence: SequenceNumber) {
        durable = max(durable, sequence.rawValue)
        guard !cursorsMayLag else { return }
        for name in cursors.keys { cursors[name] = cursors[name]?.suffix(1) }
    }

    /// Reports that the records up to and including `sequence` are durable, without the cursors.
    ///
    /// - Parameter sequence: The number of the last durable record.
    public mutating func recordsBecameDurable(through sequence: SequenceNumber) {
        durable = max(durable, sequence.rawValue)
    }

    /// Reports that a cursor was set or removed. A cursor that was never reported isn't checked.
    ///
    /// - Parameters:
    ///   - name: The name of the cursor.
    ///   - sequence: The position of the cursor; nil if it was removed.
    public mutating func didSetCursor(_ name: String, to sequence: SequenceNumber?) {
        cursors[name, default: [nil]].append(sequence?.rawValue)
    }

    /// Reports that retention may now remove the records up to and including `sequence`.
    ///
    /// - Parameter sequence: The number of the last record that may be removed.
    public mutating func mayRemove(through sequence: SequenceNumber) {
        removable = max(removable, sequence.rawValue)
    }

    // MARK: Checking

    /// The records for which `append` has returned and that no crash has removed, in order.
    public var records: [LogContents.Record] {
        reported.sorted { $0.key < $1.key }.map { LogContents.Record(sequence: $0.key, payload: $0.value) }
    }

    /// Returns the violations in a log that was opened again.
    ///
    /// - Parameters:
    ///   - found: The contents of the log.
    ///   - ending: The way in which the log's process ended.
    public func violations(in found: LogContents, after ending: Ending) -> [Violation] {
        order(of: found) + origin(of: found) + presence(in: found, ending) + cursors(in: found, ending)
            + findings(in: found, ending)
    }

    /// Returns the violation in a record that was read from the open log; nil if there is none.
    ///
    /// - Parameter record: The record.
    public func violation(in record: LogContents.Record) -> Violation? {
        let payload = Payload(record.payload)
        let isKnown = reported[record.sequence].map { $0 == record.payload } ?? unknown.contains(payload)
        return isKnown && !gone.contains(payload)
            ? nil : Violation(.foreign, "\(record.sequence) isn't what was appended")
    }

    /// Continues the history from the contents that were found. The opening of the log has made them durable.
    ///
    /// - Parameter found: The contents of the log.
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
                ? nil : Violation(.order, "\(record.sequence) is read after \(before.sequence)")
        }
    }

    private func origin(of found: LogContents) -> [Violation] {
        var problems: [Violation] = []
        var seen: Set<Payload> = []
        for record in found.records {
            // All reported payloads differ, so a payload at its own sequence number can't occur twice.
            if reported[record.sequence] == record.payload { continue }
            let payload = Payload(record.payload)
            if !seen.insert(payload).inserted {
                problems.append(Violation(.order, "\(record.sequence) occurs twice"))
            }
            if gone.contains(payload) {
                problems.append(Violation(.foreign, "\(record.sequence) was gone and reappeared"))
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
                    problems.append(Violation(.order, "\(sequence) exists, but \(firstLost) is missing"))
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
                .cursor, "cursor \(name) is \(values[name].map(String.init) ?? "gone"), not one of \(allowed)")
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

/// A payload whose hash covers its bytes as a whole. An array hashes byte by byte.
private struct Payload: Hashable {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    func hash(into hasher: inout Hasher) {
        unsafe bytes.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
    }
}
