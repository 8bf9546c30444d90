internal import Logging
internal import WAL

extension LineLog {
    /// The reason why the log didn't accept a line.
    private enum Obstacle {
        case closed, notReady, refused
    }

    /// The number of attempts while no segment is ready. The thread that ended a segment may be about to open the next
    /// one.
    private static let attemptsMax = 10

    /// Appends a line, or drops it if the log accepts none. Never waits. After the log is closed, the line goes to
    /// standard error.
    func append(_ level: Logger.Level, _ makeLine: () -> LogLine) {
        guard let attempt = gate.enter() else { return }
        let line = makeLine()
        let unreported = gate.takeUnreported()
        var obstacle = unreported > 0 ? tryAppend(Self.report(unreported)) : nil
        if obstacle != nil { gate.restore(unreported) } else { obstacle = tryAppend(line) }
        switch obstacle {
        case nil:
            gate.open()
            if level >= .error { log.requestSync() }
        case .closed:
            writeReport()
            line.writeToStandardError()
        case .notReady: gate.drop(attempt, pause: DropGate.Pause.notReady)
        case .refused: gate.drop(attempt, pause: DropGate.Pause.refused)
        }
    }

    /// Appends a report of the dropped lines that aren't reported yet. If the log refuses the report, for example on a
    /// full disk, it goes to standard error. Blocks while no segment is ready.
    func appendLastReport() {
        gate.open()
        let unreported = gate.takeUnreported()
        guard unreported > 0 else { return }
        let report = Self.report(unreported)
        do throws(WALError) {
            try log.appendBlocking(report.encoded)
        } catch {
            report.writeToStandardError()
        }
    }

    /// Writes a report of the dropped lines that aren't reported yet to standard error.
    func writeReport() {
        let unreported = gate.takeUnreported()
        if unreported > 0 { Self.report(unreported).writeToStandardError() }
    }

    private func tryAppend(_ line: LogLine) -> Obstacle? {
        var payload = line.encoded
        if payload.count > lineSizeMax { payload = line.cut(to: lineSizeMax, from: payload.count).encoded }
        do throws(WALError) {
            for _ in 0..<Self.attemptsMax where try log.tryAppend(payload) != nil { return nil }
            return .notReady
        } catch {
            return error.code == .closed ? .closed : .refused
        }
    }

    /// Returns the line that reports dropped lines.
    private static func report(_ dropped: UInt64) -> LogLine {
        LogLine(
            time: .precise, level: .warning, label: "swift-wal", message: "\(dropped) lines dropped",
            metadata: ["wal.dropped": "\(dropped)"], source: "WALLogging")
    }
}

extension LogLine {
    private static let nameSizeMax = 1024

    /// Returns a line that encodes to at most `sizeMax` bytes. It has the beginning of the message, and the size of the
    /// whole line in place of the metadata.
    func cut(to sizeMax: Int, from size: Int) -> LogLine {
        func prefix(_ text: String, _ count: Int) -> String { String(decoding: text.utf8.prefix(count), as: UTF8.self) }
        return LogLine(
            time: time, level: level, label: prefix(label, Self.nameSizeMax), message: prefix(message, sizeMax / 2),
            metadata: ["wal.size": "\(size)"], source: prefix(source, Self.nameSizeMax),
            file: prefix(file, Self.nameSizeMax), function: prefix(function, Self.nameSizeMax), line: line)
    }
}
