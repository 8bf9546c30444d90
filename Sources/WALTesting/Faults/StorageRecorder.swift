internal import WAL

#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// Records the changes that a log makes to its files.
///
/// Stores into mapped memory make no system calls. So the recorder reads mapped files again at each call and in
/// ``takeSnapshot()``.
struct StorageRecorder {
    private let root: String
    private(set) var state = CrashState()
    private var tick = 0
    /// The current entries, by path relative to the root.
    private var entries: [String: CrashState.Entry] = [:]
    private var descriptors: [Int32: CrashState.FileID] = [:]
    private var mapped: [Int: MappedFile] = [:]
    private var current: [CrashState.FileID: [UInt8]] = [:]
    /// The contents that each running sync makes durable.
    private var syncing: [ThreadID: (tick: Int, contents: [UInt8])] = [:]

    /// A separate descriptor for a mapped file, which is closed when the last reference to the object is released.
    private final class MappedFile {
        let file: CrashState.FileID
        let descriptor: Int32

        init(_ file: CrashState.FileID, _ descriptor: Int32) {
            self.file = file
            self.descriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
        }

        deinit { close(descriptor) }
    }

    init(_ root: String) throws {
        self.root = root
        for (path, contents) in try DirectoryContents.read(root) {
            let entry: CrashState.Entry = if let contents { .file(newFile(contents)) } else { .directory }
            entries[path] = entry
        }
        state.entries = entries
    }

    /// Adds a file with these contents.
    private mutating func newFile(_ contents: [UInt8]) -> CrashState.FileID {
        tick += 1
        current[tick] = contents
        state.files[tick] = CrashState.File(durable: contents)
        return tick
    }

    private func local(_ path: String) -> String {
        path == root ? "" : String(path.dropFirst(root.count + 1))
    }

    var imageOfWritten: CrashImage { CrashImage(entries, current) }

    // MARK: Calls

    mutating func willMake(_ call: StorageCall) {
        takeSnapshot()
        switch call {
        case .sync(let descriptor):
            guard let file = descriptors[descriptor] else { return }
            syncing[ThreadID.current] = (tick, current[file] ?? [])
        case .syncDirectory: syncing[ThreadID.current] = (tick, [])
        // The close hasn't happened yet, so no other thread can have this number as a new descriptor.
        case .close(let descriptor): descriptors[descriptor] = nil
        case .unmap(let address): mapped[address] = nil
        default: break
        }
    }

    mutating func didMake(_ call: StorageCall, result: Int) {
        takeSnapshot()
        guard result >= 0 else { return }
        switch call {
        case .open(let path, let creates): opened(local(path), Int32(result), creates)
        case .write(let descriptor, _, _), .truncate(let descriptor, _):
            if let file = descriptors[descriptor] { readAgain(file, descriptor) }
        case .sync(let descriptor): synced(descriptor)
        case .map(let descriptor, _, let isWritable):
            if isWritable, let file = descriptors[descriptor] { mapped[result] = MappedFile(file, descriptor) }
        case .syncDirectory(let path): syncedDirectory(path)
        case .makeDirectory(let path): change(.add(local(path), .directory))
        case .remove(let path): change(.remove(local(path)))
        case .rename(let path, let newPath):
            guard case .file(let file) = entries[local(path)] else { return }
            change(.rename(local(path), to: local(newPath), file))
        case .link(let path, let newPath):
            guard let entry = entries[local(path)] else { return }
            change(.add(local(newPath), entry))
        case .read, .lock, .list, .close, .unmap: break
        }
    }

    private mutating func change(_ change: CrashState.Change) {
        tick += 1
        state.revision += 1
        change.apply(to: &entries)
        state.changes.append((tick, change))
    }

    private mutating func opened(_ path: String, _ descriptor: Int32, _ creates: Bool) {
        if case .file(let file) = entries[path] {
            descriptors[descriptor] = file
        } else if creates {
            let file = newFile([])
            change(.add(path, .file(file)))
            descriptors[descriptor] = file
        }
    }

    private mutating func synced(_ descriptor: Int32) {
        guard let sync = syncing.removeValue(forKey: .current), let file = descriptors[descriptor] else { return }
        state.files[file]?.becomeDurable(sync.contents, asOf: sync.tick)
        state.revision += 1
    }

    private mutating func syncedDirectory(_ path: String) {
        guard let limit = syncing.removeValue(forKey: .current)?.tick else { return }
        let directory = local(path)
        var rest: [(tick: Int, change: CrashState.Change)] = []
        for change in state.changes {
            if change.tick <= limit, change.change.directory == directory {
                change.change.apply(to: &state.entries)
            } else {
                rest.append(change)
            }
        }
        state.changes = rest
        state.revision += 1
        forgetLostFiles()
    }

    /// Forgets files that no name can reach and that no descriptor or mapping holds open.
    private mutating func forgetLostFiles() {
        var found = Set(descriptors.values).union(mapped.values.map(\.file))
        for entry in entries.values { if case .file(let file) = entry { found.insert(file) } }
        for entry in state.entries.values { if case .file(let file) = entry { found.insert(file) } }
        for change in state.changes {
            switch change.change {
            case .add(_, .file(let file)), .rename(_, _, let file): found.insert(file)
            case .add(_, .directory), .remove: break
            }
        }
        for file in current.keys where !found.contains(file) {
            current[file] = nil
            state.files[file] = nil
        }
    }

    // MARK: Contents

    /// Records the changes that were stored into mapped files since they were last read.
    mutating func takeSnapshot() {
        for mapping in mapped.values { readAgain(mapping.file, mapping.descriptor) }
    }

    private mutating func readAgain(_ file: CrashState.FileID, _ descriptor: Int32) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return }
        let size = Int(status.st_size)
        let contents = unsafe [UInt8](unsafeUninitializedCapacity: size) { room, count in
            count = unsafe max(0, pread(descriptor, room.baseAddress, size, 0))
        }
        let old = current[file] ?? []
        let changed = contents.changedSectors(since: old)
        guard contents.count != old.count || !changed.isEmpty else { return }
        tick += 1
        state.revision += 1
        for sector in changed {
            state.files[file]?.sectors[sector, default: []].append((tick, contents.sector(sector)))
        }
        if contents.count != old.count { state.files[file]?.sizes.append((tick, contents.count)) }
        current[file] = contents
    }

    /// Drops the pages that the kernel couldn't write. After that the file reads as it is on the disk.
    mutating func losePages(of call: StorageCall) {
        guard case .sync(let descriptor) = call, let file = descriptors[descriptor], let state = state.files[file]
        else { return }
        for sector in state.sectors.keys {
            let bytes = state.durable.sector(sector)
            let room = max(0, min(bytes.count, (current[file]?.count ?? 0) - sector * bytes.count))
            unsafe bytes.withUnsafeBytes { bytes in
                _ = unsafe pwrite(descriptor, bytes.baseAddress, room, off_t(sector * bytes.count))
            }
        }
        readAgain(file, descriptor)
    }
}

extension CrashState.File {
    mutating func becomeDurable(_ contents: [UInt8], asOf tick: Int) {
        durable = contents
        sectors = sectors.compactMapValues { versions in
            let rest = versions.filter { $0.tick > tick }
            return rest.isEmpty ? nil : rest
        }
        sizes.removeAll { $0.tick <= tick }
    }
}

extension [UInt8] {
    fileprivate func sector(_ index: Int) -> [UInt8] {
        let size = CrashState.File.sectorSize
        let start = Swift.min(index * size, count)
        let end = Swift.min(start + size, count)
        return self[start..<end] + [UInt8](repeating: 0, count: size - (end - start))
    }

    /// Returns the sectors that differ from `old`, as if `old` were padded with zeros.
    fileprivate func changedSectors(since old: [UInt8]) -> [Int] {
        let (sector, block) = (CrashState.File.sectorSize, CrashState.Unit.page.rawValue)
        let old = old.count >= count ? old : old + [UInt8](repeating: 0, count: count - old.count)
        var found: [Int] = []
        unsafe withUnsafeBytes { new in
            unsafe old.withUnsafeBytes { old in
                guard let new = new.baseAddress, let old = old.baseAddress else { return }
                for start in stride(from: 0, to: count, by: block) {
                    let end = Swift.min(start + block, count)
                    guard unsafe memcmp(new + start, old + start, end - start) != 0 else { continue }
                    for offset in stride(from: start, to: end, by: sector) {
                        let length = Swift.min(sector, end - offset)
                        if unsafe memcmp(new + offset, old + offset, length) != 0 { found.append(offset / sector) }
                    }
                }
            }
        }
        return found
    }
}

/// The identity of a thread.
private struct ThreadID: Hashable {
    private let number: UInt

    static var current: ThreadID {
        #if canImport(Darwin)
            unsafe ThreadID(number: UInt(bitPattern: pthread_self()))
        #else
            ThreadID(number: pthread_self())
        #endif
    }
}
