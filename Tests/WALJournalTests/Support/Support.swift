import Foundation
import WAL
import WALJournal

/// A directory that exists until its last reference is gone.
final class TemporaryDirectory: Sendable {
    let path = NSTemporaryDirectory() + "/wal-journal-\(UUID().uuidString)"

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

struct Payment: Codable, Hashable, Sendable {
    var cents: Int
    var to: String
}

extension WriteAheadLog.Configuration {
    static var small: Self {
        Self(syncPolicy: .manual, segmentSize: 64 << 10, maxPreparedSegments: 1)
    }
}

/// Opens a small log in a directory.
func openLog(
    _ directory: TemporaryDirectory, _ configuration: WriteAheadLog.Configuration = .small
) async throws -> WriteAheadLog {
    try await WriteAheadLog.open(at: directory.path, configuration: configuration)
}

func collect<Sequence: AsyncSequence>(_ sequence: Sequence) async throws -> [Sequence.Element] {
    var elements: [Sequence.Element] = []
    for try await element in sequence { elements.append(element) }
    return elements
}

extension [JournalEntry<Payment>] {
    var values: [Payment] { compactMap { $0.event?.value } }
    var gaps: [LogGap] { compactMap { if case .gap(let gap) = $0 { gap } else { nil } } }
    var undecodable: [UndecodableRecord] {
        compactMap { if case .undecodable(let record) = $0 { record } else { nil } }
    }
}
