internal import WAL
internal import WALDelivery

/// The lanes of a log after a message of its stream, as the message's headers have them.
struct StreamState: Hashable {
    enum Key {
        static let kind = "Wal-Kind"
        static let log = "Wal-Log"
        static let epoch = "Wal-Epoch"
        static let previous = "Wal-Prev"
        static let last = "Wal-Last"
        static let lanes = "Wal-Lanes"
        static let sequence = "Wal-Seq"
        static let time = "Wal-Time"

        static let all = [kind, log, epoch, previous, last, lanes, sequence, time]
    }

    enum Kind: String {
        case claim, batch, record
    }

    var lanes: [SinkLane]

    /// The state of a stream without messages.
    static func new(laneCount: Int) -> StreamState {
        StreamState(lanes: (0..<laneCount).map { SinkLane(index: $0, epoch: 0, position: .zero) })
    }

    init(lanes: [SinkLane]) {
        self.lanes = lanes
    }

    /// Reads `epoch:position` of each lane. Returns nil if the text has another form.
    init?(_ text: String) {
        lanes = []
        for (index, word) in text.split(separator: " ").enumerated() {
            let numbers = word.split(separator: ":").map { UInt64($0) }
            guard numbers.count == 2, let epoch = numbers[0], epoch < .max, let position = numbers[1] else {
                return nil
            }
            lanes.append(SinkLane(index: index, epoch: epoch, position: SequenceNumber(rawValue: position)))
        }
        guard !lanes.isEmpty else { return nil }
    }

    var text: String { lanes.map { "\($0.epoch):\($0.position.rawValue)" }.joined(separator: " ") }

    /// Returns whether these lanes have the epochs and positions that a batch expects.
    func has(_ expected: [SinkLane]) -> Bool {
        expected.allSatisfy { lanes.indices.contains($0.index) && lanes[$0.index] == $0 }
    }

    /// Returns whether another owner has claimed one of these lanes.
    func isClaimed(after expected: [SinkLane]) -> Bool {
        expected.contains { lanes.indices.contains($0.index) && lanes[$0.index].epoch > $0.epoch }
    }

    func moved(_ moved: [SinkLane], to position: SequenceNumber) -> StreamState {
        var state = self
        for lane in moved { state.lanes[lane.index].position = position }
        return state
    }

    func claimed(_ range: Range<Int>) -> StreamState {
        var state = self
        for index in range { state.lanes[index].epoch += 1 }
        return state
    }

    /// Returns the headers of a message that leads to this state.
    func headers(_ kind: Kind, of log: LogID, after previous: SequenceNumber, to last: SequenceNumber) -> [(
        String, String
    )] {
        [
            (Key.kind, kind.rawValue), (Key.log, log.description),
            (Key.epoch, String(lanes.map(\.epoch).max() ?? 0)),
            (Key.previous, String(previous.rawValue)), (Key.last, String(last.rawValue)), (Key.lanes, text),
        ]
    }
}
