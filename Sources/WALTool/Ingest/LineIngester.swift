import CWALSimdJSON
import WAL
import WALLogging

/// Reads lines of an input and appends them to a log.
///
/// Each append also stores the position in the input that it reaches. So the records and the position agree after every
/// crash. The ingester blocks, so it needs its own thread.
final class LineIngester {
    /// The action for a line that can't be ingested.
    enum BadLinePolicy: String, CaseIterable, Sendable {
        case stop
        case skip
    }

    struct Settings: Sendable {
        var inputName: String
        /// Whether the input is a file, which may grow past its present end. A pipe can't grow.
        var canGrow: Bool
        var badLines: BadLinePolicy
        /// The input's name in the log. If nil, a digest of the first line is the name.
        var source: String?
    }

    /// The prefix of the names of the bookmarks of inputs.
    static let sourcePrefix = "source/"

    // These limits on the records and bytes of an append make the append visible soon and keep its copy in the cache.
    private static let recordsMax = 1000
    private static let bytesMax = 256 << 10
    /// The longest time in milliseconds for which lines of a slow input wait for more lines before their append.
    private static let linger: Int32 = 100
    /// The largest number of bad lines that are shown at the end.
    private static let shownMax = 20

    /// The counts of a run, and the error that ended it early.
    struct Outcome: Sendable {
        var counts = IngestCounts()
        var shown: [BadLine] = []
        var badLinesPath: String?
        var failure: (any Error)?
        /// The number of bytes of an incomplete last line.
        var unfinishedBytes = 0
    }

    private var result = Outcome()

    private let log: WriteAheadLog
    private let reader: LineReader
    private let stop: StopSignal
    private let settings: Settings
    private let progress: IngestProgress
    private var batch = RecordBatch()
    private var unsaved: [BadLine] = []
    private var unsavedBytes = 0
    private var source = ""
    private var appender: BatchAppender?
    /// The position after the last line that was ingested or skipped.
    private var consumed = InputPosition()

    init(
        log: WriteAheadLog, reader: LineReader, stop: StopSignal, settings: Settings, progress: IngestProgress
    ) {
        self.log = log
        self.reader = reader
        self.stop = stop
        self.settings = settings
        self.progress = progress
    }

    /// Reads up to the end of the input, or until a stop is requested. All lines that the outcome counts are in the
    /// log, even after a failure.
    func outcome() -> Outcome {
        do { try run() } catch { result.failure = error }
        if let appended = appender?.finish() {
            result.counts = appended.counts
            result.badLinesPath = appended.badLinesPath
            // The appender's failure comes first, because later lines are parsed while earlier lines are appended.
            result.failure = appended.failure ?? result.failure
        }
        if result.failure is BatchAppender.Stopped { result.failure = nil }
        // After a stop while the log was full, the last lines that were read aren't counted. The next run reads them.
        let counted = result.counts.linesBefore + result.counts.lines
        result.shown.removeAll { $0.number > counted }
        return result
    }

    private func run() throws {
        try Self.refuseOtherForms(of: reader, settings.inputName)
        guard let first = try reader.peekLine() else { return }
        source = Self.sourcePrefix + (settings.source ?? Self.digest(first))
        guard try resume() else { return }
        let file = BadLinesFile(besideLog: log.directory, source: source, input: settings.inputName)
        if settings.badLines == .skip { try file.removeLines(after: consumed.lines) }
        let parser = try LineParser()
        appender = try BatchAppender(
            log: log, badLines: file, source: source, counts: result.counts, stop: stop, progress: progress)
        while true {
            let event = try reader.next(timeout: batch.isEmpty ? -1 : Self.linger)
            switch event {
            case .line(let bytes): try take(bytes, parser)
            case .rest(let bytes):
                try takeRest(bytes, parser)
                return try append()
            case .tooLong:
                let reason = "the line is longer than \(LineReader.lineSizeMax) bytes"
                try refuse(UnsafeRawBufferPointer(start: nil, count: 0), LineDefect(column: 1, reason: reason))
            case .idle: try append()
            case .stopped: return try append()
            case .end:
                // Bytes are left if the last line is longer than the limit and has no line end.
                let rest = reader.position.bytes - consumed.bytes
                return try rest > 0 ? leave(Int(rest)) : append()
            }
            if batch.count >= Self.recordsMax || batch.payloads.count >= Self.bytesMax { try append() }
        }
    }

    /// Skips what earlier runs ingested. Returns false after a request to stop.
    private func resume() throws -> Bool {
        guard let bookmark = log.bookmarks[source] else { return true }
        guard let known = InputPosition(bookmark) else {
            throw ToolError(.badInput, "The log's bookmark \(source) isn't one of `wal ingest`. Give another --source.")
        }
        result.counts.linesBefore = known.lines
        guard let isSameInput = try reader.skip(to: known) else { return false }
        guard isSameInput else {
            throw ToolError(
                .badInput,
                "\(settings.inputName) differs from what was ingested before as \(source): its first \(known.lines) lines "
                    + "(\(known.bytes) bytes) are not the same. Give the same input to continue, or --source NAME to ingest "
                    + "this one as another.")
        }
        consumed = reader.position
        return true
    }

    /// Throws if the input can't consist of lines of UTF-8.
    static func refuseOtherForms(of reader: LineReader, _ inputName: String) throws(ToolError) {
        guard let form = try reader.foreignForm() else { return }
        throw ToolError(.badInput, form.remedy(file: inputName == "<stdin>" ? nil : inputName))
    }

    /// Ingests a last line without a line end if it is valid JSON. Any other last line is still being written, or was
    /// cut off. It isn't counted, so that the next run reads it from its beginning.
    private func takeRest(_ bytes: UnsafeRawBufferPointer, _ parser: LineParser) throws {
        guard cwal_json_is_valid_line(bytes.assumingMemoryBound(to: UInt8.self).baseAddress, bytes.count) else {
            return Self.isBlank(bytes) ? () : try leave(bytes.count)
        }
        reader.takeRest()
        try take(bytes, parser)
    }

    private func leave(_ count: Int) throws {
        try append()
        result.unfinishedBytes = count
        guard !settings.canGrow else { return }
        throw ToolError(
            .badInput,
            "\(settings.inputName):\(consumed.lines + 1): the input ends within a line. The lines before it are "
                + "ingested; run again with the whole input to continue.")
    }

    private static func isBlank(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.allSatisfy { $0 == 0x20 || $0 == 0x09 }
    }

    private func take(_ bytes: UnsafeRawBufferPointer, _ parser: LineParser) throws {
        if !Self.isBlank(bytes) {
            // A line that fits into a segment alone may not fit together with others.
            let isLong = bytes.count > Self.bytesMax
            if isLong, !batch.isEmpty { try append() }
            do throws(LineDefect) {
                let kind = try parser.parse(bytes, into: &batch)
                if isLong, !log.fits(batch, bookmark: reader.position.bookmark(named: source)) {
                    batch.removeAll()
                    throw LineDefect(
                        column: 1,
                        reason: "the record doesn't fit into a segment; give a larger --retention-size or --disk-budget"
                    )
                }
                switch kind {
                case .task: result.counts.tasks += 1
                case .activity: result.counts.activities += 1
                case .other: result.counts.others += 1
                }
            } catch {
                return try refuse(bytes, error)
            }
        }
        result.counts.lines += 1
        consumed = reader.position
    }

    private func refuse(_ bytes: UnsafeRawBufferPointer, _ defect: LineDefect) throws {
        let line = BadLine(number: consumed.lines + 1, defect: defect, text: Array(bytes))
        guard settings.badLines == .skip else {
            try append()
            throw ToolError(.badInput, Self.message(of: line, in: settings.inputName))
        }
        unsaved.append(line)
        unsavedBytes += bytes.count
        let shown = BadLine(number: line.number, defect: defect, text: [])
        if result.shown.count < Self.shownMax { result.shown.append(shown) }
        result.counts.badLines += 1
        result.counts.lines += 1
        consumed = reader.position
        if unsaved.count >= Self.recordsMax || unsavedBytes >= Self.bytesMax { try append() }
    }

    /// Passes the lines since the last call to the appender.
    private func append() throws {
        guard let appender else { return }
        let part = BatchAppender.Part(batch: batch, badLines: unsaved, position: consumed, counts: result.counts)
        batch = RecordBatch()
        unsaved = []
        unsavedBytes = 0
        batch = try appender.append(part)
    }

    /// Returns the place of a bad line, in the form that compilers use, and the reason: input:line:column: reason. The
    /// reason may have texts of the line.
    static func message(of line: BadLine, in input: String) -> String {
        LineText.escaped("\(input):\(line.number):\(line.defect.column): \(line.defect.reason)")
    }

    /// Returns the 64-bit FNV-1a hash of a line. A log has few inputs, so collisions are unlikely enough.
    private static func digest(_ line: UnsafeRawBufferPointer) -> String {
        // Only this part of a longer line counts, because the size of the reads determines how much more of it is in
        // memory.
        let start = line.prefix(LineReader.lineSizeMax)
        let hash = start.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
