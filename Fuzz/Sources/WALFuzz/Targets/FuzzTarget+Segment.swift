import Foundation

@testable import WAL

extension FuzzTarget {
    /// Corrects the requested checksums. No fuzzer guesses one, so it would never reach the code after a check.
    static func sealed(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var file = Array(bytes)
        guard file.count >= SegmentHeader.size + Frame.headerSize else { return file }
        file.withUnsafeMutableBytes { file in
            guard let base = file.baseAddress else { return }
            base.store(SegmentHeader.magic, at: SegmentHeader.Offset.magic)
            let covered = UnsafeRawBufferPointer(start: base, count: SegmentHeader.Offset.checksum)
            base.store(Checksum.of(covered), at: SegmentHeader.Offset.checksum)
            guard case .header(let header, _) = SegmentHeader.decode(UnsafeRawBufferPointer(file)) else { return }
            let seed = Frame.seed(logID: header.logID, incarnation: header.incarnation)
            var offset = SegmentHeader.size
            while offset + Frame.headerSize <= file.count {
                let frame = base + offset
                let length = Int(UnsafeRawPointer(frame).load(UInt32.self, at: 0))
                guard length >= Frame.headerSize, roundedUp8(length) <= file.count - offset else { break }
                // One checksum in sixteen stays wrong.
                if UnsafeRawPointer(frame).load(UInt32.self, at: 4) & 15 != 15 {
                    let checksum = Frame.checksum(
                        seed: seed, offset: offset, length: length, frame: UnsafeRawPointer(frame))
                    frame.store(checksum, at: 4)
                }
                offset += roundedUp8(length)
            }
        }
        return file
    }

    static let segment: Run = { bytes in
        sealed(bytes).withUnsafeBytes { file in
            guard case .header(let header, _) = SegmentHeader.decode(file), header.state == .active else { return }
            var end = 0
            // Reading bytes in memory can't fail.
            guard
                let scan = try? SegmentScan(
                    SegmentBytes(file), header: header,
                    visit: { frame, offset in
                        precondition(offset >= end && offset + frame.header.size <= file.count)
                        end = offset + frame.header.size
                        if frame.header.kind == .batch { use(BatchBody.decode(frame.body), of: frame.body.count) }
                    })
            else { return }
            precondition(scan.gaps.allSatisfy { $0.offset <= $0.end })
            let footer = scan.summary.footer(at: scan.end, after: Markers())
            precondition(!footer.encodeBody().isEmpty)
        }
    }

    /// Verifies, reads, opens, appends to and reopens a log of one or two segment files. An input begins with the size of
    /// the first.
    static let log: Run = { bytes in
        guard bytes.count > 2 else { return }
        let rest = UnsafeRawBufferPointer(rebasing: bytes[2...])
        let first = min(rest.count, Int(bytes[0]) << 8 | Int(bytes[1]))
        let files = [rest[..<first], rest[first...]].map { sealed(UnsafeRawBufferPointer(rebasing: $0)) }
        let place = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
        let directory = "\(place)/wal-fuzz-\(getpid())"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try? FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        for (index, file) in files.enumerated() where !file.isEmpty {
            let name = SegmentName.of(UInt64(index + 1))
            _ = FileManager.default.createFile(atPath: directory + "/" + name, contents: Data(file))
        }
        func readAll() {
            guard let log = try? ReadOnlyLog(at: directory) else { return }
            _ = try? (log.cursors, log.durableSequence, log.lastRecovery, log.segments)
            let reader = log.reader()
            while let size = (try? reader.next({ $0.payload.byteCount })) ?? nil { _ = size }
        }
        _ = try? Verification.verifyBlocking(at: directory)
        readAll()
        var configuration = WriteAheadLog.Configuration()
        configuration.segmentSize = 64 << 10
        configuration.syncPolicy = .manual
        configuration.recoveryScope = .everything
        do throws(WALError) {
            let opened = try WriteAheadLog.openBlocking(at: directory, configuration: configuration)
            _ = try opened.appendBlocking([1, 2, 3])
            try opened.closeBlocking()
            let again = try WriteAheadLog.openBlocking(at: directory, configuration: configuration)
            // After a repair, a second one must find nothing, for any headers.
            precondition(
                again.recovery.findings.isEmpty, "\(opened.recovery.findings) and then \(again.recovery.findings)")
            try again.closeBlocking()
            readAll()
        } catch {
            // The contents of a file may cause no other error of an opening.
            guard [.versionTooNew, .notALogDirectory].contains(error.code) else { fatalError("\(error)") }
        }
    }

    static func use(_ content: BatchBody.Content?, of size: Int) {
        guard let content else { return }
        let total = content.bytes.count
        precondition(total <= max(1, size) * LZ4Block.expansionMax)
        precondition(content.payloadOffset + (0..<content.recordCount).reduce(0) { $0 + content.size($1) } == total)
    }
}
