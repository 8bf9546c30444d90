import Foundation
import Testing

@testable import WAL

/// A reader of a compressed segment keeps a window on its bytes. It must not read at the address of an earlier window,
/// and must not pass a record that it didn't return.
@Suite struct CompressedReadingTests {
    /// A frame that is larger than the window is read in pieces, which moves the window. The next call read the memory
    /// of the first window, which ended the process with SIGSEGV.
    @Test func aDamagedFrameLargerThanTheWindowIsReadAgain() throws {
        let directory = TemporaryDirectory()
        // Two windows of nine blocks, and one that is too small to take over the memory of the first one.
        let size = (2 * 9 + 1) * CompressedLayout.blockSize
        var segment = HandmadeSegment(capacity: size)
        for number in 0..<20 { segment.add(.record, payload(number, size: 40)) }
        let room = size - segment.bytes.count - Frame.headerSize
        segment.add(.record, [UInt8](repeating: 0xAB, count: room))
        segment.flip(size - 1)
        try segment.write(to: directory.path, isCompressed: true)
        let reader = try ReadOnlyLog(at: directory.path).reader()
        #expect(try readAll(reader).map(\.payload) == (0..<20).map { payload($0, size: 40) })
        for _ in 1...3 { #expect(try reader.nextEntry() == nil) }
    }

    /// The first read at each offset fails.
    private final class FirstReadsFail: StorageHook {
        private let offsets = Monitor<Set<Int>>([])

        func before(_ call: StorageCall) -> StorageVerdict {
            guard case .read(_, let offset, _) = call else { return .proceed }
            return offsets.withLock { $0.insert(offset).inserted } ? .fail(EIO) : .proceed
        }

        func after(_ call: StorageCall, result: Int) {}
    }

    /// The window after a record couldn't be read. The reader had passed that record, and its next call returned the
    /// one after it.
    @Test func aFailedReadCostsNoRecord() throws {
        let directory = TemporaryDirectory()
        // Frames of 64 bytes end where a window ends.
        let payloads = (0..<20_000).map { payload($0, size: 40) }
        var segment = HandmadeSegment(capacity: 2 << 20)
        for payload in payloads { segment.add(.record, payload) }
        segment.seal(durableDistance: 0)
        try segment.write(to: directory.path, isCompressed: true)
        let log = try WriteAheadLog.openBlocking(at: directory.path, configuration: .small())
        #expect(log.recovery.findings.isEmpty)
        StorageHooks.install(FirstReadsFail(), for: directory.path)
        defer { StorageHooks.remove(from: directory.path) }
        let reader = log.reader()
        var found: [[UInt8]] = []
        var failures = 0
        while found.count < payloads.count, failures < 1000 {
            do throws(WALError) {
                guard let record = try reader.next() else { break }
                found.append(record.payload)
            } catch {
                #expect(error.errno == EIO)
                failures += 1
            }
        }
        #expect(found == payloads)
        #expect(failures > 0)
        try log.closeBlocking()
    }
}
