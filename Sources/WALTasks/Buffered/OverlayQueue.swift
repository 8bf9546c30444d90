internal import CWALShims
internal import WAL

/// What a mutation in a ``OverlayQueue`` is, as far as must be known without decoding it.
enum OverlayKind: UInt8 {
    case update
    /// Nothing that came before it can be seen after it.
    case delete
    case activity
    /// A change of which nothing but `dagID` and `createdAt` depends on what came before it.
    case save

    init(_ mutation: TaskMutation) {
        switch mutation {
        case .log: self = .activity
        case .delete: self = .delete
        case .save: self = .save
        default: self = .update
        }
    }
}

/// Encoded mutations in order of sequence, found by their task's id.
///
/// Adding one is a store at the end, and forgetting one that the store has moves the start: both cost the same however many
/// there are, and no caller pays for others. Ids are found by a table of buckets whose entries are linked from the newest to the
/// oldest; a link to before the start is the end of it, so forgetting leaves the table as it is.
struct OverlayQueue {
    /// Half a cache line, since adding one and forgetting it costs what their memory does.
    private struct Entry {
        var sequence: SequenceNumber
        /// The upper half of the hash; the lower is much the same in all of a stripe.
        var hash: UInt32
        /// The number of the entry before it in its bucket.
        var previous: UInt32
        var place: OverlayBytes.Place
        var kind: OverlayKind

        static let none = Entry(
            sequence: .zero, hash: 0, previous: 0, place: OverlayBytes.Place(chunk: 0, offset: 0, size: 0),
            kind: .update)
    }

    private static let capacityMin = 64
    private static let capacityKept = 4096

    private(set) var bytes = OverlayBytes()
    /// A ring: entry `n` is at `n` modulo its size, which is a power of two. Entries are counted from 1, and the count starts over
    /// after 2^32: a link that has been there for so long may lead to an entry of another bucket, which no reader takes for its own.
    private var entries: [Entry] = []
    /// The newest entry of each bucket; as many as `entries`.
    private var buckets: [UInt32] = []
    private var start: UInt32 = 1
    private var end: UInt32 = 1

    var isEmpty: Bool { start == end }
    /// Bytes of memory, but for some dozen.
    var memorySize: Int {
        bytes.memorySize + entries.count * (MemoryLayout<Entry>.stride + MemoryLayout<UInt32>.stride)
    }
    private var count: UInt32 { end &- start }

    /// A place for one more mutation, found before the mutation is encoded: its bucket comes into the processor's caches meanwhile.
    /// With a million mutations of ten thousand tasks waiting, the bucket took a sixth of the caller's time before.
    @safe struct Reservation {
        fileprivate var hash: UInt32
        let buffer: UnsafeMutableRawBufferPointer
    }

    /// Reserves a buffer of `size` bytes for an encoding. Nothing is visible before ``commit(_:_:at:)``.
    mutating func reserve(_ size: Int, hash: UInt64) -> Reservation {
        if count == entries.count { grow() }
        let hash = UInt32(hash >> 32)
        unsafe buckets.withUnsafeBufferPointer { buckets in
            guard let start = buckets.baseAddress else { return }
            unsafe cwal_prefetch_for_stores(start + bucket(of: hash), 1)
        }
        return unsafe Reservation(hash: hash, buffer: bytes.room(for: size))
    }

    /// Adds the mutation in the buffer of the reservation. `sequence` is larger than all before.
    mutating func commit(_ reservation: Reservation, _ kind: OverlayKind, at sequence: SequenceNumber) {
        let bucket = bucket(of: reservation.hash)
        entries[index(of: end)] = unsafe Entry(
            sequence: sequence, hash: reservation.hash, previous: buckets[bucket],
            place: bytes.keep(reservation.buffer.count),
            kind: kind)
        buckets[bucket] = end
        end &+= 1
    }

    /// Forgets up to `countMax` mutations that the store has.
    mutating func prune(through applied: SequenceNumber, atMost countMax: Int = .max) {
        var pruned = 0
        while !isEmpty, pruned < countMax, entries[index(of: start)].sequence <= applied {
            start &+= 1
            pruned += 1
        }
        guard pruned > 0 else { return }
        if !isEmpty { return bytes.release(before: entries[index(of: start)].place.chunk) }
        bytes.releaseAll()
        if entries.count > Self.capacityKept {
            entries = []
            buckets = []
        }
    }

    /// Forgets up to `countMax` of the oldest mutations, but never the last one; returns the last that it forgot.
    mutating func drop(atMost countMax: UInt32) -> SequenceNumber? {
        let dropped = min(countMax, count &- 1)
        guard !isEmpty, dropped > 0 else { return nil }
        start &+= dropped
        bytes.release(before: entries[index(of: start)].place.chunk)
        return entries[index(of: start &- 1)].sequence
    }

    /// Copies the mutations of the id with this hash, and perhaps of others.
    func copy(_ part: OverlayPart, hash: UInt64) -> OverlayCopy {
        var found: [Entry] = []
        let hash = UInt32(hash >> 32)
        var number = isEmpty ? end : buckets[bucket(of: hash)]
        // How far back it is must grow with each link, and end within what is there.
        var distance: UInt32 = 0
        while end &- number > distance, end &- number <= count {
            let entry = entries[index(of: number)]
            distance = end &- number
            number = entry.previous
            guard entry.hash == hash, part.includes(entry.kind) else { continue }
            found.append(entry)
            if entry.kind == .delete { break }
        }
        var copy = OverlayCopy()
        if let oldest = found.last, oldest.kind == .delete { copy.leadingDelete = oldest.sequence }
        for entry in found.reversed() {
            bytes.copy(entry.place, to: &copy.bytes)
            copy.ends.append((entry.sequence, copy.bytes.count))
        }
        return copy
    }

    private func index(of number: UInt32) -> Int {
        Int(number) & (entries.count &- 1)
    }

    private func bucket(of hash: UInt32) -> Int {
        Int(hash) & (buckets.count &- 1)
    }

    private mutating func grow() {
        let old = (0..<count).map { entries[index(of: start &+ $0)] }
        let capacity = max(Self.capacityMin, entries.count * 2)
        entries = Array(repeating: .none, count: capacity)
        buckets = Array(repeating: 0, count: capacity)
        for (offset, entry) in old.enumerated() {
            let number = start &+ UInt32(offset)
            let bucket = bucket(of: entry.hash)
            entries[index(of: number)] = entry
            entries[index(of: number)].previous = buckets[bucket]
            buckets[bucket] = number
        }
    }
}

/// Which mutations a reader wants.
enum OverlayPart {
    case changes, activities

    func includes(_ kind: OverlayKind) -> Bool {
        (kind == .activity) == (self == .activities)
    }
}

/// Encoded mutations that were copied out of a queue, in order of sequence, to be decoded without its lock.
struct OverlayCopy {
    var bytes: [UInt8] = []
    /// Each one's number, and where it ends.
    var ends: [(sequence: SequenceNumber, end: Int)] = []

    /// The number of the first one, where that is a delete: then nothing before it can be seen.
    var leadingDelete: SequenceNumber?

    func forEach(_ body: (LoggedMutation) -> Void) {
        var start = 0
        for (sequence, end) in ends {
            let encoded = unsafe bytes.span.bytes.extracting(start..<end)
            start = end
            // Only what was encoded here, or decoded before, is in a queue.
            guard let mutation = try? TaskCodec.decode(encoded) else { continue }
            body(LoggedMutation(sequence: sequence, mutation: mutation, size: encoded.byteCount))
        }
    }
}
