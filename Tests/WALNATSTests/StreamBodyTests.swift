import Foundation
import Testing
import WAL
import WALDelivery

@testable import WALNATS

/// Compares the bodies of messages with vectors that another program made from FORMAT.md.
@Suite struct StreamBodyTests {
    struct Vector: Sendable {
        var body: [UInt8]
        var records: [SinkRecord]
    }

    static let vectors: [Vector] = {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/stream-bodies.txt")
        let lines = (try? String(contentsOf: file, encoding: .utf8))?.split(separator: "\n") ?? []
        return lines.map { line in
            let words = line.split(separator: " ")
            return Vector(
                body: bytes(words[0]), records: words[1] == "-" ? [] : words[1].split(separator: ";").map(record))
        }
    }()

    private static func bytes(_ hex: Substring) -> [UInt8] {
        var (bytes, rest) = ([UInt8](), hex)
        while rest.count >= 2 {
            bytes.append(UInt8(rest.prefix(2), radix: 16) ?? 0)
            rest = rest.dropFirst(2)
        }
        return bytes
    }

    /// `sequence,time,hex`, or `sequence,time,hex*count` for a repeated byte.
    private static func record(_ text: Substring) -> SinkRecord {
        let fields = text.split(separator: ",", omittingEmptySubsequences: false)
        let repeated = fields[2].split(separator: "*")
        let payload =
            repeated.count == 2
            ? [UInt8](repeating: bytes(repeated[0])[0], count: Int(repeated[1]) ?? 0) : bytes(fields[2])
        return SinkRecord(
            sequence: SequenceNumber(rawValue: UInt64(fields[0]) ?? 0),
            time: Timestamp(rawValue: Int64(fields[1]) ?? 0),
            payload: payload[...])
    }

    private func isEqual(_ left: [SinkRecord], _ right: [SinkRecord]) -> Bool {
        left.count == right.count
            && zip(left, right).allSatisfy {
                $0.sequence == $1.sequence && $0.time == $1.time && Array($0.payload) == Array($1.payload)
            }
    }

    @Test func theVectorsAreRead() throws {
        #expect(Self.vectors.count == 7)
        for vector in Self.vectors { #expect(isEqual(try StreamBody.decode(vector.body), vector.records)) }
    }

    @Test func plainVectorsAreWritten() throws {
        for vector in Self.vectors where vector.body[1] == 0 {
            #expect(StreamBody.encode(vector.records, compressing: false) == vector.body)
        }
    }

    @Test func whatIsWrittenIsRead() throws {
        var generator = SystemRandomNumberGenerator()
        for count in [0, 1, 2, 127, 128, 1000] {
            for size in [0, 1, 127, 128, 5000] where count * size < 1 << 20 {
                var sequence: UInt64 = 0
                let records = (0..<count).map { _ in
                    sequence += UInt64.random(in: 1...200, using: &generator)
                    return SinkRecord(
                        sequence: SequenceNumber(rawValue: sequence),
                        time: Timestamp(rawValue: .random(in: .min ... .max)),
                        payload: Array(repeating: UInt8.random(in: 0...255), count: Int.random(in: 0...size))[...])
                }
                for compressing in [true, false] {
                    #expect(
                        isEqual(try StreamBody.decode(StreamBody.encode(records, compressing: compressing)), records))
                }
            }
        }
    }

    /// With any flipped bit, reading ends without a body.
    @Test func flippedBitsAreFound() throws {
        for vector in Self.vectors where vector.body.count < 200 {
            for bit in 0..<vector.body.count * 8 {
                var body = vector.body
                body[bit / 8] ^= 1 << (bit % 8)
                #expect(throws: JetStreamError.self) { try StreamBody.decode(body) }
            }
        }
    }

    @Test func cutBodiesAreFound() throws {
        for vector in Self.vectors where vector.body.count < 200 {
            for size in 0..<vector.body.count {
                #expect(throws: JetStreamError.self) { try StreamBody.decode(Array(vector.body[..<size])) }
            }
        }
    }
}
