import BenchmarkKit
import BenchmarkReport
import CLimits
import CPeers
import Foundation

/// Another library that keeps records.
struct Peer: @unchecked Sendable {
    // Points to a constant.
    let kind: UnsafePointer<peer_kind>

    static let all: [Peer] = (0...).lazy.map { peer_kind_at(Int32($0)) }.prefix { $0 != nil }
        .compactMap { $0.map { Peer(kind: $0) } }

    /// Those that can give this guarantee.
    static func all(_ guarantee: peer_guarantee) -> [Peer] {
        guarantee == peer_durable ? all.filter { !$0.kind.pointee.is_buffered } : all
    }

    var contender: Contender { Contender(String(cString: kind.pointee.name), .peer) }

    var setting: SuiteResults.Setting {
        let version = kind.pointee.version().map { String(cString: $0) } ?? ""
        return SuiteResults.Setting(contender.name, version: version, String(cString: kind.pointee.settings))
    }

    func open(_ directory: String, _ guarantee: peer_guarantee) throws -> OpenPeer {
        guard let handle = kind.pointee.open(directory, guarantee) else { throw OpenPeer.Failed() }
        return OpenPeer(kind.pointee, handle)
    }
}

/// Closed with the last reference. Its calls may come from any thread.
final class OpenPeer: @unchecked Sendable {
    // Never changes; the library behind it locks for itself.
    private let kind: peer_kind
    private let handle: UnsafeMutableRawPointer

    struct Failed: Error, CustomStringConvertible {
        let description = String(cString: peer_message())
    }

    init(_ kind: peer_kind, _ handle: UnsafeMutableRawPointer) {
        self.kind = kind
        self.handle = handle
    }

    deinit {
        kind.close(handle)
    }

    func append(_ payload: Payload) throws {
        let isDone = payload.bytes.withUnsafeBytes { kind.append(handle, $0.baseAddress, $0.count) }
        guard isDone else { throw Failed() }
    }

    func append(_ payload: Payload, count: Int) throws {
        let isDone = payload.bytes.withUnsafeBytes { kind.append_batch(handle, $0.baseAddress, $0.count, count) }
        guard isDone else { throw Failed() }
    }

    /// Returns the number of records and of their bytes.
    func readAll() throws -> (records: Int, bytes: UInt64) {
        var bytes: UInt64 = 0
        let records = kind.read(handle, &bytes)
        guard records >= 0 else { throw Failed() }
        return (records, bytes)
    }

    /// Nil where records can't be found by number.
    var find: ((UInt64) throws -> Void)? {
        guard let find = kind.find else { return nil }
        return { [handle] number in
            guard find(handle, number) else { throw Failed() }
        }
    }
}
