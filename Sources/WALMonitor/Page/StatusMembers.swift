internal import WAL

/// The members of the JSON object that reports the status of a log.
enum StatusMembers {
    /// Returns the members for a snapshot. Long integers are strings, unless the reader has 64-bit numbers.
    static func of(
        _ snapshot: LogSnapshot, monitor: [UInt8], numbers: Bool = false
    ) -> [(key: String, value: [UInt8])] {
        let check = LogCheck(snapshot)
        let own = JSONText.object {
            $0.json("monitor", monitor)
            $0.string("name", snapshot.name)
            $0.bool("up", snapshot.isUp)
            $0.number("age_ms", snapshot.age.map { Int64($0 / .milliseconds(1)) })
            $0.string("verdict", "\(check.verdict)")
            $0.array("health") { for item in check.items { write(item, to: &$0) } }
            $0.object("kept_dead_letters") {
                for (sink, count) in snapshot.keptDeadLetters.sorted(by: { $0.key < $1.key }) { $0.number(sink, count) }
            }
            $0.string("unreadable", nil)
        }
        // The numbers in the monitor's own members are never strings.
        return ExactJSON.members(of: own, numbers: true)
            + ExactJSON.members(of: snapshot.status.json, numbers: numbers)
    }

    /// Returns the members for a log that can't be read.
    static func of(_ error: WALError, monitor: [UInt8]) -> [(key: String, value: [UInt8])] {
        let own = JSONText.object {
            $0.json("monitor", monitor)
            $0.bool("up", false)
            $0.string("verdict", "unknown")
            $0.string("unreadable", error.message)
        }
        return ExactJSON.members(of: own)
    }

    private static func write(_ item: LogCheck.Item, to text: inout JSONText) {
        text.object {
            $0.string("code", item.name)
            $0.string("sink", item.sink)
            $0.string("severity", "\(item.verdict)")
            $0.string("text", item.text)
            $0.string("next", item.next)
        }
    }
}

extension SegmentInfo {
    /// Writes the segment. `cursors` are the positions that may prevent its removal.
    func write(to text: inout JSONText, cursors: [LogStatus.Cursor]?) {
        text.object {
            $0.number("number", number)
            $0.string("state", state.rawValue)
            $0.string("codec", path.hasSuffix(".lz4") ? "lz4" : "plain")
            $0.string("first_sequence", "\(firstSequence.rawValue)")
            $0.string("last_sequence", lastSequence.map { "\($0.rawValue)" })
            $0.string("first_time", firstTime?.description)
            $0.string("last_time", lastTime?.description)
            $0.number("records", recordCount)
            $0.number("bytes", fileSize)
            $0.number("used", usedSize)
            $0.number("payload", payloadSize)
            $0.number("epoch", epoch)
            guard let cursors else { return }
            $0.array("pinned_by") { array in
                guard let lastSequence else { return }
                for cursor in cursors where cursor.position < lastSequence { array.string(nil, cursor.name) }
            }
        }
    }
}
