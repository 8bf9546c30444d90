internal import CWALShims
internal import Synchronization

#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// The file `WAITERS` of a log's directory, by which the writer wakes readers in other processes (FORMAT.md, "Waiting readers").
///
/// Its words are read from a mapping and stored with `pwrite`: a store to a mapped page of a full disk would end the
/// process. Its calls bypass ``StorageHook``, because the file isn't part of the log.
///
/// `@unchecked Sendable`: the descriptor and the address never change. The words that the mapping shows are atomics,
/// except the durable position, which a checksum covers.
@safe
final class WaitersFile: @unchecked Sendable {
    static let name = "WAITERS"
    static let size = 4096
    static let version: UInt32 = 1
    private static let magic = Array("SWALWAIT".utf8)
    /// Right after the flag of frames, so that one write stores both.
    private static let countOffset = 68
    private static let durableOffset = 192

    /// An event that a reader waits for. The raw value is the offset of its flag.
    enum Event: Int {
        case frame = 64
        case durablePosition = 72
    }

    private let descriptor: Int32
    private let base: UnsafeMutableRawPointer
    private let identity: FileIdentity
    private let log: LogID

    /// Opens the file for the log's writer, and wakes the readers that waited for one. Makes the file if it doesn't exist, accessible only
    /// to its owner.
    static func forWriter(in directory: Directory, of log: LogID) throws(WALError) -> WaitersFile {
        let file = try WaitersFile(in: directory, of: log, flags: O_RDWR | O_CREAT) { descriptor in
            guard !isWhole(descriptor) else { return true }
            let header = magic + bytes(of: version)
            return store(header + [UInt8](repeating: 0, count: size - header.count), at: 0, descriptor)
        }
        file.announceDurable(0)
        file.announceFrame()
        return file
    }

    /// Opens the file for a reader. Returns nil if there is none that is whole, or if this process may not write to it.
    static func forReader(in directory: Directory, of log: LogID) -> WaitersFile? {
        try? WaitersFile(in: directory, of: log, flags: O_RDWR, prepare: isWhole)
    }

    private init(
        in directory: Directory, of log: LogID, flags: Int32, prepare: (Int32) -> Bool
    ) throws(WALError) {
        let path = directory.path(of: Self.name)
        let descriptor = unsafe cwal_open_at(
            directory.descriptor, Self.name, flags | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard descriptor >= 0 else { throw WALError.system("open", path) }
        do throws(WALError) {
            try FileOwnership.requireFile(descriptor, path, isWritten: true)
            var status = stat()
            guard prepare(descriptor), unsafe fstat(descriptor, &status) == 0 else {
                throw WALError.system("pwrite", path)
            }
            let address = unsafe mmap(nil, Self.size, PROT_READ, MAP_SHARED, descriptor, 0)
            guard let address = unsafe address, unsafe address != MAP_FAILED else {
                throw WALError.system("mmap", path)
            }
            unsafe base = unsafe address
            identity = FileIdentity(status)
        } catch {
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        self.log = log
    }

    deinit {
        unsafe munmap(base, Self.size)
        close(descriptor)
    }

    private static func isWhole(_ descriptor: Int32) -> Bool {
        var bytes = [UInt8](repeating: 0, count: size)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe pread(descriptor, $0.baseAddress, size, 0) }
        return count == size && bytes.starts(with: magic + Self.bytes(of: version))
    }

    /// Whether the directory has this file under its name.
    func isCurrent(in directory: Directory) -> Bool {
        var status = stat()
        return unsafe fstatat(directory.descriptor, Self.name, &status, AT_SYMLINK_NOFOLLOW) == 0
            && FileIdentity(status) == identity
    }

    // MARK: Words

    /// Whether a reader in another process waits for the event.
    func isAwaited(_ event: Event) -> Bool {
        unsafe word(of: event).pointee.load(ordering: .sequentiallyConsistent) != 0
    }

    /// The address of an event's flag, valid as long as this object.
    func word(of event: Event) -> UnsafePointer<Atomic<UInt32>> { unsafe word(at: event.rawValue) }

    /// The number of wake-ups.
    var count: UInt32 {
        unsafe UInt32(littleEndian: word(at: Self.countOffset).pointee.load(ordering: .sequentiallyConsistent))
    }

    /// The durable position that a writer has stored; 0 if none is known.
    var durablePosition: UInt64 {
        let stored = unsafe UnsafeRawBufferPointer(start: base + Self.durableOffset, count: 12)
        let position = unsafe UInt64(littleEndian: stored.load(as: UInt64.self))
        let checksum = unsafe UInt32(littleEndian: stored.load(fromByteOffset: 8, as: UInt32.self))
        return checksum == self.checksum(of: position) ? position : 0
    }

    private func word(at offset: Int) -> UnsafePointer<Atomic<UInt32>> {
        unsafe UnsafePointer((base + offset).assumingMemoryBound(to: Atomic<UInt32>.self))
    }

    private func checksum(of position: UInt64) -> UInt32 { Checksum.of(log.low, log.high, position) }

    // A store can fail, for example because of the limit of file sizes. Readers then look at the log at their
    // intervals.
    private func store(_ value: some FixedWidthInteger, at offset: Int) {
        unsafe withUnsafeBytes(of: value.littleEndian) {
            _ = unsafe cwal_pwrite(descriptor, $0.baseAddress, $0.count, off_t(offset))
        }
    }

    private static func store(_ bytes: [UInt8], at offset: Int, _ descriptor: Int32) -> Bool {
        unsafe bytes.withUnsafeBytes {
            unsafe cwal_pwrite(descriptor, $0.baseAddress, $0.count, off_t(offset)) == $0.count
        }
    }

    private static func bytes(of number: some FixedWidthInteger) -> [UInt8] {
        unsafe withUnsafeBytes(of: number.littleEndian) { unsafe Array($0) }
    }

    // MARK: Waiting

    /// Asks the writer for a wake-up.
    func request(_ event: Event) { store(1 as UInt32, at: event.rawValue) }

    /// Clears the flag of frames, adds 1 to the count, and wakes all threads that wait on it. Only one thread of the
    /// writer may call it at a time.
    func announceFrame() {
        store(UInt64(count &+ 1) << 32, at: Event.frame.rawValue)
        unsafe cwal_wake_all_shared(countAddress)
    }

    /// Clears the flag of durable positions, stores a position, adds 1 to the count, and wakes all threads that wait on
    /// it. Only one thread of the writer may call it at a time.
    func announceDurable(_ position: UInt64) {
        store(0 as UInt32, at: Event.durablePosition.rawValue)
        _ = Self.store(
            Self.bytes(of: position) + Self.bytes(of: checksum(of: position)), at: Self.durableOffset, descriptor)
        store(count &+ 1, at: Self.countOffset)
        unsafe cwal_wake_all_shared(countAddress)
    }

    /// Blocks while the count has this value, for at most a duration. May return earlier without a reason.
    func wait(whileCountIs value: UInt32, atMost duration: Duration) {
        unsafe cwal_wait_while_equal_shared(countAddress, value.littleEndian, duration.nanoseconds)
    }

    private var countAddress: UnsafePointer<UInt32> {
        unsafe UnsafeRawPointer(base + Self.countOffset).assumingMemoryBound(to: UInt32.self)
    }
}
