public import BenchmarkKit
public import BenchmarkReport
import CLimits
public import CPeers
import Foundation

/// Another library that keeps records.
public struct Peer: @unchecked Sendable {
    // Points to a constant.
    private let kind: UnsafePointer<peer_kind>

    public static let all: [Peer] = (0...).lazy.map { peer_kind_at(Int32($0)) }.prefix { $0 != nil }
        .compactMap { $0.map { Peer(kind: $0) } }

    /// The libraries that can give this guarantee.
    public static func all(_ guarantee: peer_guarantee) -> [Peer] {
        guarantee == peer_durable ? all.filter { !$0.kind.pointee.is_buffered } : all
    }

    public var contender: Contender { Contender(String(cString: kind.pointee.name), .peer) }

    /// Whether the library finds records by their number.
    public var canFind: Bool { kind.pointee.find != nil }

    public var setting: SuiteResults.Setting {
        let version = kind.pointee.version().map { String(cString: $0) } ?? ""
        return SuiteResults.Setting(contender.name, version: version, String(cString: kind.pointee.settings))
    }

    public func open(_ directory: String, _ guarantee: peer_guarantee) throws -> OpenPeer {
        guard let handle = kind.pointee.open(directory, guarantee) else { throw OpenPeer.Failed() }
        return OpenPeer(kind.pointee, handle)
    }
}

/// Closed with the last reference. Its calls may come from any thread.
public final class OpenPeer: @unchecked Sendable {
    // Never changes, and the library does its own locking.
    private let kind: peer_kind
    private let handle: UnsafeMutableRawPointer

    public struct Failed: Error, CustomStringConvertible {
        public let description = String(cString: peer_message())
    }

    init(_ kind: peer_kind, _ handle: UnsafeMutableRawPointer) {
        self.kind = kind
        self.handle = handle
    }

    deinit {
        kind.close(handle)
    }

    public func append(_ payload: Payload) throws {
        let isDone = payload.bytes.withUnsafeBytes { kind.append(handle, $0.baseAddress, $0.count) }
        guard isDone else { throw Failed() }
    }

    public func append(_ payload: Payload, count: Int) throws {
        let isDone = payload.bytes.withUnsafeBytes { kind.append_batch(handle, $0.baseAddress, $0.count, count) }
        guard isDone else { throw Failed() }
    }

    /// Returns the number of records and of their bytes.
    public func readAll() throws -> (records: Int, bytes: UInt64) {
        var bytes: UInt64 = 0
        let records = kind.read(handle, &bytes)
        guard records >= 0 else { throw Failed() }
        return (records, bytes)
    }

    /// The index of the record, from 0.
    public func find(_ number: UInt64) throws {
        guard kind.find(handle, number) else { throw Failed() }
    }
}
