#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Splits an input into lines, and keeps the position of the consumed part. Only one thread may use it at a time.
final class LineReader {
    enum Event {
        /// A line without its line end, valid until the next call. At least ``LineParser/padding`` readable bytes
        /// follow it.
        case line(UnsafeRawBufferPointer)
        /// The bytes after the last line end, valid until the next call. ``position`` stays before these bytes unless
        /// ``takeRest()`` counts them as a line.
        case rest(UnsafeRawBufferPointer)
        /// A skipped line of more than ``lineSizeMax`` bytes.
        case tooLong
        /// No input came within the timeout.
        case idle
        /// A stop was requested.
        case stopped
        case end
    }

    static let lineSizeMax = 16 << 20
    /// The longest line with a byte order mark and a carriage return, which don't count.
    private static let rawLineSizeMax = lineSizeMax + InputForm.byteOrderMark.count + 1
    private static let readSize = 1 << 20

    /// The position after the lines that are consumed.
    private(set) var position = InputPosition()
    /// Whether the input ends within a line of more than ``lineSizeMax`` bytes, of which a part is consumed.
    private(set) var endsInLongLine = false

    private let descriptor: Int32
    private let stop: StopSignal
    private var buffer: UnsafeMutableRawPointer
    private var capacity: Int
    // Bytes that were read and not consumed are at `start..<end`. There is no newline before `searched`.
    private var start = 0
    private var searched = 0
    private var end = 0
    private var isAtEnd = false
    /// Whether a byte order mark at `start` is to be skipped.
    private var skipsMark: Bool

    init(descriptor: Int32 = STDIN_FILENO, stop: StopSignal, skipsByteOrderMark: Bool = false) {
        skipsMark = skipsByteOrderMark
        self.descriptor = descriptor
        self.stop = stop
        capacity = 2 * Self.readSize
        buffer = .allocate(byteCount: capacity + LineParser.padding, alignment: 64)
        // The parser reads the padding, but its contents don't matter.
        buffer.initializeMemory(as: UInt8.self, repeating: 0, count: capacity + LineParser.padding)
    }

    deinit {
        buffer.deallocate()
    }

    /// Returns the next line. Waits for input for at most `timeout` milliseconds, or without a limit if `timeout` is
    /// -1.
    func next(timeout: Int32 = -1) throws(ToolError) -> Event {
        while true {
            if let newline = findNewline() {
                let line = consumeLine(upTo: newline)
                return line.count > Self.lineSizeMax ? .tooLong : .line(line)
            }
            if isAtEnd {
                guard start < end else { return .end }
                let rest = trimmed(start..<end)
                return try rest.count > Self.lineSizeMax ? passOver() : .rest(rest)
            }
            if end - start > Self.rawLineSizeMax { return try passOver() }
            switch try fill(timeout: timeout) {
            case .some(let event): return event
            case nil: continue
            }
        }
    }

    /// Returns the form of an input that can't consist of lines of UTF-8, by its first bytes; nil for other inputs.
    /// Waits for the first bytes.
    func foreignForm() throws(ToolError) -> InputForm? {
        while !isAtEnd, end - start < InputForm.markSizeMax {
            if try fill(timeout: -1) != nil { return nil }
        }
        return InputForm.of(UnsafeRawBufferPointer(start: buffer + start, count: end - start))
    }

    /// Returns the line that `next` will return first, cut off at the limit. Returns nil if there is none, or after a
    /// request to stop.
    func peekLine() throws(ToolError) -> UnsafeRawBufferPointer? {
        while true {
            if let newline = findNewline() { return trimmed(start..<newline) }
            if isAtEnd || end - start > Self.rawLineSizeMax { break }
            if try fill(timeout: -1) != nil { return nil }
        }
        return start < end ? trimmed(start..<end) : nil
    }

    /// Skips the part that an earlier run consumed. Returns false if this input doesn't begin with that part, and nil
    /// after a request to stop.
    func skip(to known: InputPosition) throws(ToolError) -> Bool? {
        while position.bytes < known.bytes {
            if start == end {
                if isAtEnd { return false }
                if try fill(timeout: -1) != nil { return nil }
                continue
            }
            let count = min(end - start, Int(known.bytes - position.bytes))
            position.consume(UnsafeRawBufferPointer(start: buffer + start, count: count), lines: 0)
            advance(to: start + count)
        }
        guard position.checksum == known.checksum, position.bytes == known.bytes else { return false }
        position = known
        return known.endsOpen ? try closeOpenEnd() : true
    }

    /// Consumes the newline after a last line that was consumed without a newline. Returns false if the input continues
    /// with anything else, and nil after a request to stop.
    private func closeOpenEnd() throws(ToolError) -> Bool? {
        while !isAtEnd, end - start < 2 {
            if try fill(timeout: -1) != nil { return nil }
        }
        guard start < end else { return true }
        let rest = UnsafeRawBufferPointer(start: buffer + start, count: end - start)
        let size = rest[0] == UInt8(ascii: "\r") ? 2 : 1
        guard rest.count >= size, rest[size - 1] == UInt8(ascii: "\n") else { return false }
        position.closeEnd(UnsafeRawBufferPointer(rebasing: rest[..<size]))
        advance(to: start + size)
        return true
    }

    /// Counts the bytes after the last line end as a line.
    func takeRest() {
        _ = consumeLine(upTo: end)
    }

    private func findNewline() -> Int? {
        guard searched < end, let found = memchr(buffer + searched, Int32(UInt8(ascii: "\n")), end - searched) else {
            searched = end
            return nil
        }
        return UnsafeRawPointer(found) - UnsafeRawPointer(buffer)
    }

    private func consumeLine(upTo lineEnd: Int) -> UnsafeRawBufferPointer {
        let next = min(lineEnd + 1, end)
        position.consume(UnsafeRawBufferPointer(start: buffer + start, count: next - start), lines: 1)
        let line = trimmed(start..<lineEnd)
        advance(to: next)
        return line
    }

    private func trimmed(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        var line = UnsafeRawBufferPointer(start: buffer + range.lowerBound, count: range.count)
        if skipsMark, line.starts(with: InputForm.byteOrderMark) {
            line = UnsafeRawBufferPointer(rebasing: line.dropFirst(InputForm.byteOrderMark.count))
        }
        guard line.last == UInt8(ascii: "\r") else { return line }
        return UnsafeRawBufferPointer(rebasing: line.dropLast())
    }

    private func advance(to place: Int) {
        if place > start { skipsMark = false }
        start = place
        searched = place
    }

    private func passOver() throws(ToolError) -> Event {
        while true {
            let newline = findNewline()
            let next = newline.map { $0 + 1 } ?? end
            let isDone = newline != nil
            position.consume(UnsafeRawBufferPointer(start: buffer + start, count: next - start), lines: isDone ? 1 : 0)
            advance(to: next)
            if isDone { return .tooLong }
            // The line's end may still arrive, so the line is left for the next run.
            if isAtEnd {
                endsInLongLine = true
                return .end
            }
            // No bookmark may contain a part of the line. After a stop, the next run reads the line again.
            if let event = try fill(timeout: -1) { return event }
        }
    }

    /// Reads once. Returns an event if a request to stop or a timeout comes first.
    private func fill(timeout: Int32) throws(ToolError) -> Event? {
        freeSpace()
        switch try stop.waitForInput(descriptor, timeout: timeout) {
        case .stopped: return .stopped
        case .timedOut: return .idle
        case .readable: break
        }
        while true {
            let count = read(descriptor, buffer + end, min(capacity - end, Self.readSize))
            if count < 0 {
                if errno == EINTR { continue }
                throw ToolError(.inputOutput, "Reading the input failed: \(systemMessage())")
            }
            end += count
            isAtEnd = count == 0
            return nil
        }
    }

    private func freeSpace() {
        if start == end {
            start = 0
            searched = 0
            end = 0
        }
        guard capacity - end < Self.readSize else { return }
        if start >= capacity / 2 {
            memmove(buffer, buffer + start, end - start)
        } else {
            let larger = UnsafeMutableRawPointer.allocate(byteCount: 2 * capacity + LineParser.padding, alignment: 64)
            larger.initializeMemory(as: UInt8.self, repeating: 0, count: 2 * capacity + LineParser.padding)
            memcpy(larger, buffer + start, end - start)
            buffer.deallocate()
            buffer = larger
            capacity *= 2
        }
        searched -= start
        end -= start
        start = 0
    }
}
