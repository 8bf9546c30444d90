internal import CWALShims
internal import WAL

/// The kind of a mutation in an ``OverlayQueue``, as needed without decoding it.
enum OverlayKind: UInt8 {
    case update
    /// A deletion. It hides all earlier changes.
    case delete
    case activity
    /// A save. Only its `dagID` and `createdAt` depend on earlier changes.
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

/// A queue of encoded mutations in order of sequence, with a lookup by task id.
///
/// Adding a mutation is a store at the end, and removing an applied one moves the start. Both cost the same for any
/// number of mutations, and no caller pays for others. A table of buckets finds ids. Its entries are linked from the
/// newest to the oldest. A link to before the start ends the list, so removing leaves the table unchanged.
struct OverlayQueue {
    /// Half a cache line, because memory dominates the cost of adding and removing an entry.
    private struct Entry {
        var sequence: SequenceNumber
        /// The upper half of the hash. The lower half is nearly the same for all entries of a stripe.
        var hash: UInt32
        /// The number of the previous entry in its bucket.
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
    /// A ring: entry `n` is at `n` modulo its size, which is a power of two. Entries are counted from 1, and the
    /// count wraps around after 2^32. A link that old may lead to an entry of another bucket, which readers recognize
    /// by its hash.
    private var entries: [Entry] = []
    /// The newest entry of each bucket. There are as many buckets as `entries`.
    private var buckets: [UInt32] = []
    private var start: UInt32 = 1
    private var end: UInt32 = 1

    var isEmpty: Bool { start == end }
    /// The number of bytes of memory, except for a few dozen.
    var memorySize: Int {
        bytes.memorySize + entries.count * (MemoryLayout<Entry>.stride + MemoryLayout<UInt32>.stride)
    }
    private var count: UInt32 { end &- start }

    /// A place for one more mutation, reserved before the mutation is encoded, so that its bucket is loaded into the
    /// processor's caches meanwhile. Without this, with a million mutations of ten thousand tasks waiting, the bucket
    /// took a sixth of the caller's time.
    @safe struct Reservation {
        fileprivate var hash: UInt32
        let buffer: UnsafeMutableRawBufferPointer
    }

    /// Reserves a buffer of `size` bytes for an encoding. The mutation isn't visible before ``commit(_:_:at:)``.
    mutating func reserve(_ size: Int, hash: UInt64) -> Reservation {
        if count == entries.count { grow() }
        let hash = UInt32(hash >> 32)
        unsafe buckets.withUnsafeBufferPointer { buckets in
            guard let start = buckets.baseAddress else { return }
            unsafe cwal_prefetch_for_stores(start + bucket(of: hash), 1)
        }
        return unsafe Reservation(hash: hash, buffer: bytes.room(for: size))
    }

    /// Adds the mutation in the reserved buffer. `sequence` must be larger than all earlier ones.
    mutating func commit(_ reservation: Reservation, _ kind: OverlayKind, at sequence: SequenceNumber) {
        let bucket = bucket(of: reservation.hash)
        entries[index(of: end)] = unsafe Entry(
            sequence: sequence, hash: reservation.hash, previous: buckets[bucket],
            place: bytes.keep(reservation.buffer.count),
            kind: kind)
        buckets[bucket] = end
        end &+= 1
    }

    /// Removes up to `countMax` applied mutations. Returns the last removed sequence number.
    @discardableResult
    mutating func prune(through applied: SequenceNumber, atMost countMax: Int = .max) -> SequenceNumber? {
        var pruned = 0
        while !isEmpty, pruned < countMax, entries[index(of: start)].sequence <= applied {
            start &+= 1
            pruned += 1
        }
        guard pruned > 0 else { return nil }
        let last = entries[index(of: start &- 1)].sequence
        if !isEmpty {
            bytes.release(before: entries[index(of: start)].place.chunk)
            return last
        }
        bytes.releaseAll()
        if entries.count > Self.capacityKept {
            entries = []
            buckets = []
        }
        return last
    }

    /// Removes up to `countMax` of the oldest mutations, but never the newest one. Returns the last removed sequence
    /// number.
    mutating func drop(atMost countMax: UInt32) -> SequenceNumber? {
        let dropped = min(countMax, count &- 1)
        guard !isEmpty, dropped > 0 else { return nil }
        start &+= dropped
        bytes.release(before: entries[index(of: start)].place.chunk)
        return entries[index(of: start &- 1)].sequence
    }

    /// Copies the mutations of an id with this hash. May include mutations of other ids.
    func copy(_ part: OverlayPart, of taskID: String, hash: UInt64) -> OverlayCopy {
        var copy = OverlayCopy()
        var found: [Entry] = []
        let hash = UInt32(hash >> 32)
        var number = isEmpty ? end : buckets[bucket(of: hash)]
        // The distance must grow with each link and stay within the queue.
        var distance: UInt32 = 0
        while end &- number > distance, end &- number <= count {
            let entry = entries[index(of: number)]
            distance = end &- number
            number = entry.previous
            guard entry.hash == hash, part.includes(entry.kind) else { continue }
            found.append(entry)
            if entry.kind == .delete, isOf(taskID, entry) {
                copy.leadingDelete = entry.sequence
                break
            }
        }
        for entry in found.reversed() {
            bytes.copy(entry.place, to: &copy.bytes)
            copy.ends.append((entry.sequence, copy.bytes.count))
        }
        return copy
    }

    private func isOf(_ taskID: String, _ entry: Entry) -> Bool {
        var encoded: [UInt8] = []
        bytes.copy(entry.place, to: &encoded)
        let payload = unsafe encoded.span.bytes
        guard let mutation = try? TaskCodec.decode(payload), let id = mutation.taskID else { return false }
        return id.hasBytes(of: taskID)
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

/// The mutations that a reader wants.
enum OverlayPart {
    case changes, activities

    func includes(_ kind: OverlayKind) -> Bool {
        (kind == .activity) == (self == .activities)
    }
}

/// Encoded mutations copied from a queue in order of sequence, so that they can be decoded without its lock.
struct OverlayCopy {
    var bytes: [UInt8] = []
    /// The sequence number of each mutation, and the end of its encoding.
    var ends: [(sequence: SequenceNumber, end: Int)] = []

    /// The sequence number of the first mutation if that is a deletion. It hides all earlier mutations.
    var leadingDelete: SequenceNumber?

    func forEach(_ body: (LoggedMutation) -> Void) {
        var start = 0
        for (sequence, end) in ends {
            let encoded = unsafe bytes.span.bytes.extracting(start..<end)
            start = end
            // The queue holds only encodings that were made or decoded here.
            guard let mutation = try? TaskCodec.decode(encoded) else { continue }
            body(LoggedMutation(sequence: sequence, mutation: mutation, size: encoded.byteCount))
        }
    }
}
