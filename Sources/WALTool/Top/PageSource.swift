import WAL
import WALMonitor

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The live page of a log, which `wal serve` or another server serves on this machine or on another one.
struct PageSource: TopSource {
    private let client: PageClient
    private static let api = "/api/v1/"

    init(_ client: PageClient) { self.client = client }

    func snapshot() throws -> LogSnapshot {
        guard let snapshot = LogSnapshot(json: try client.get(Self.api + "status?integers=numbers")) else {
            throw Self.misunderstood
        }
        return snapshot
    }

    func details(of pane: TopView.Pane) throws -> TopDetails {
        var details = TopDetails()
        switch pane {
        case .log, .sinks: break
        case .segments: details.segments = try rows("segments", in: "segments").map { try TopDetails.Segment($0) }
        case .deadLetters:
            details.letters = try rows("rows", in: "dead-letters?limit=\(TopDetails.countMax)").map { row in
                var letter = try Self.decode(TopDetails.Letter.self, row)
                letter.json = String(decoding: row, as: UTF8.self)
                return letter
            }
        case .tail:
            details.tail = try rows("rows", in: "records?limit=\(TopDetails.countMax)").map {
                try TopDetails.Record(row: $0, json: $0)
            }
        }
        return details
    }

    private static let misunderstood = ToolError(
        .inputOutput, "The answer isn't that of a live page. Use a wal serve of this version.")

    /// Returns the elements of an array in an answer, as JSON.
    private func rows(_ name: String, in path: String) throws -> [[UInt8]] {
        let members = ExactJSON.members(of: try client.get(Self.api + path))
        guard let member = members.first(where: { $0.key == name }) else { throw Self.misunderstood }
        return ExactJSON.elements(of: member.value)
    }

    fileprivate static func decode<Row: Decodable>(_ type: Row.Type, _ json: [UInt8]) throws -> Row {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            return try decoder.decode(type, from: Data(json))
        } catch {
            throw misunderstood
        }
    }
}

extension TopDetails.Segment {
    private struct Row: Decodable {
        var number: UInt64
        var state: String
        var codec: String
        var firstSequence: String
        var lastSequence: String?
        var firstTime: String?
        var bytes: Int
    }

    fileprivate init(_ json: [UInt8]) throws {
        let row = try PageSource.decode(Row.self, json)
        number = row.number
        state = row.state
        isCompressed = row.codec == "lz4"
        first = row.state == "prepared" ? nil : SequenceNumber(argument: row.firstSequence)
        last = row.lastSequence.flatMap { SequenceNumber(argument: $0) }
        size = row.bytes
        time = row.firstTime
        self.json = String(decoding: json, as: UTF8.self)
    }
}

extension TopDetails.Record {
    /// Reads the row of a record from a live page. The row's members depend on the kind of the record.
    init(row: [UInt8], json: [UInt8]?) throws {
        let members = try ExactJSON.members(of: row).filter { $0.value != Array("null".utf8) }.map { member in
            let isText = member.value.first == UInt8(ascii: "\"")
            let value =
                isText
                ? try PageSource.decode(String.self, member.value) : String(decoding: member.value, as: UTF8.self)
            // This part of 2026-01-31T22:38:44.123456Z is the time of day.
            return (key: member.key, value: member.key == "time" ? String(value.dropFirst(11).prefix(12)) : value)
        }
        identity = members.first?.value ?? ""
        text = members.filter { !["bytes", "is_cut"].contains($0.key) }.map(\.value).joined(separator: "  ")
        self.json = json.map { String(decoding: $0, as: UTF8.self) }
    }
}
