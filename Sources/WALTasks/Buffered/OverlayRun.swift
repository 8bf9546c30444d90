internal import WAL

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// An error of writing or reading an index, caused by a full or broken disk. The log still holds the indexed
/// mutations.
struct OverlayFileError: Error {
    var errno: Int32
}

/// The sorted places of a stretch of the log by task, in an unnamed file with 8 bytes for each mutation.
///
/// A lookup reads one block. Memory holds the first key of each block, which is a five-hundredth of the file.
final class OverlayRun: Sendable {
    /// The number of keys in one read.
    static let blockCount = 512

    /// The sequence number from which keys are counted.
    let base: UInt64
    /// The last sequence number that the run covers.
    let end: UInt64
    let count: Int
    private let file: OverlayFile
    private let firstKeys: [UInt64]

    fileprivate init(base: UInt64, end: UInt64, count: Int, file: OverlayFile, firstKeys: [UInt64]) {
        self.base = base
        self.end = end
        self.count = count
        self.file = file
        self.firstKeys = firstKeys
    }

    /// Returns the places of one hash, in the order of the log.
    func places(of hash: UInt32) throws(OverlayFileError) -> [OverlayPlace] {
        var places: [OverlayPlace] = []
        var block = max(0, firstBlock(from: OverlayKey(startOf: hash)) - 1)
        while block < firstKeys.count, OverlayKey(rawValue: firstKeys[block]).hash <= hash {
            for key in try keys(inBlock: block) {
                let key = OverlayKey(rawValue: key)
                if key.hash == hash { places.append(OverlayPlace(sequence: base + key.offset, kind: key.kind)) }
            }
            block += 1
        }
        return places
    }

    /// Returns the first block whose first key isn't below `key`.
    private func firstBlock(from key: OverlayKey) -> Int {
        var (low, high) = (0, firstKeys.count)
        while low < high {
            let middle = (low + high) / 2
            if firstKeys[middle] < key.rawValue { low = middle + 1 } else { high = middle }
        }
        return low
    }

    fileprivate func keys(inBlock block: Int) throws(OverlayFileError) -> [UInt64] {
        let start = block * Self.blockCount
        return try file.read(start..<min(count, start + Self.blockCount))
    }

    /// Merges two neighboring runs, the earlier one first.
    static func merging(
        _ left: OverlayRun, _ right: OverlayRun, in directory: String
    ) throws(OverlayFileError) -> OverlayRun {
        var writer = try OverlayRunWriter(base: left.base, in: directory)
        var (first, second) = (OverlayRunCursor(run: left), OverlayRunCursor(run: right))
        let distance = right.base - left.base
        var (a, b) = (try first.next(), try second.next()?.moved(by: distance))
        // The smaller key, or the one of the run that has more.
        while let key = a.map({ min($0, b ?? $0) }) ?? b {
            try writer.append(key)
            if key == a { a = try first.next() } else { b = try second.next()?.moved(by: distance) }
        }
        return try writer.finish(end: right.end)
    }

    /// Sorts keys into a run.
    static func sorting(
        _ keys: [UInt64], base: UInt64, end: UInt64, in directory: String
    ) throws(OverlayFileError) -> OverlayRun {
        var writer = try OverlayRunWriter(base: base, in: directory)
        for key in keys.sorted() { try writer.append(OverlayKey(rawValue: key)) }
        return try writer.finish(end: end)
    }
}

/// A reader of a run's keys, one after another.
private struct OverlayRunCursor {
    let run: OverlayRun
    var keys: [UInt64] = []
    var index = 0
    var block = 0

    mutating func next() throws(OverlayFileError) -> OverlayKey? {
        if index == keys.count {
            guard block * OverlayRun.blockCount < run.count else { return nil }
            keys = try run.keys(inBlock: block)
            block += 1
            index = 0
        }
        defer { index += 1 }
        return OverlayKey(rawValue: keys[index])
    }
}

/// A writer of a run, key by key.
private struct OverlayRunWriter {
    private let base: UInt64
    private let file: OverlayFile
    private var buffer: [UInt64] = []
    private var firstKeys: [UInt64] = []
    private var count = 0

    /// The number of keys that are written at once.
    private static let bufferCount = 16 * OverlayRun.blockCount

    init(base: UInt64, in directory: String) throws(OverlayFileError) {
        self.base = base
        file = try OverlayFile(in: directory)
        buffer.reserveCapacity(Self.bufferCount)
    }

    mutating func append(_ key: OverlayKey) throws(OverlayFileError) {
        if count % OverlayRun.blockCount == 0 { firstKeys.append(key.rawValue) }
        buffer.append(key.rawValue)
        count += 1
        if buffer.count == Self.bufferCount { try flush() }
    }

    mutating func finish(end: UInt64) throws(OverlayFileError) -> OverlayRun {
        try flush()
        return OverlayRun(base: base, end: end, count: count, file: file, firstKeys: firstKeys)
    }

    private mutating func flush() throws(OverlayFileError) {
        try file.append(buffer)
        buffer.removeAll(keepingCapacity: true)
    }
}

/// A file of numbers that disappears with its last reference, even if the process is killed, because its name is
/// removed at once.
private final class OverlayFile: Sendable {
    private let descriptor: Int32

    init(in directory: String) throws(OverlayFileError) {
        let path = "\(directory)/.overlay-\(UInt64.random(in: .min ... .max))"
        let opened = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard opened >= 0 else { throw OverlayFileError(errno: errno) }
        defer { close(opened) }
        unsafe unlink(path)
        // Descriptors 0 to 2 belong to the standard streams, even if the process was started without them.
        descriptor = fcntl(opened, F_DUPFD_CLOEXEC, 3)
        guard descriptor >= 0 else { throw OverlayFileError(errno: errno) }
    }

    deinit {
        close(descriptor)
    }

    func append(_ numbers: [UInt64]) throws(OverlayFileError) {
        var written = 0
        let size = numbers.count * MemoryLayout<UInt64>.size
        while written < size {
            let count = unsafe numbers.withUnsafeBytes { bytes in
                unsafe write(descriptor, bytes.baseAddress.map { unsafe $0 + written }, size - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw OverlayFileError(errno: count < 0 ? errno : ENOSPC) }
            written += count
        }
    }

    func read(_ range: Range<Int>) throws(OverlayFileError) -> [UInt64] {
        let width = MemoryLayout<UInt64>.size
        var read = 0
        var failure: Int32?
        let numbers = unsafe [UInt64](unsafeUninitializedCapacity: range.count) { room, initializedCount in
            let bytes = UnsafeMutableRawBufferPointer(room)
            while read < bytes.count, failure == nil {
                let count = unsafe pread(
                    descriptor, bytes.baseAddress.map { unsafe $0 + read }, bytes.count - read,
                    off_t(range.lowerBound * width + read))
                if count > 0 {
                    read += count
                } else if count == 0 {
                    failure = EIO
                } else if errno != EINTR {
                    failure = errno
                }
            }
            initializedCount = read / width
        }
        if let failure { throw OverlayFileError(errno: failure) }
        return numbers
    }
}
