import WAL
import WALTesting

/// A destination whose connections a proxy can cut, and whose server can restart.
struct RemoteFixture: SinkFixture {
    let server: RemoteServer
    var bug: RemoteBug?
    var patience: Duration = .seconds(600)
    var keepsBatches = false

    func makeSink() async throws -> RemoteSink {
        RemoteSink(address: server.address, bug: bug)
    }

    func makeSinkBehindProxy() async throws -> (sink: RemoteSink, proxy: CuttingProxy)? {
        let proxy = try CuttingProxy(
            listeningOn: .unix(path: server.path(of: "proxy.sock")), forwardingTo: server.address)
        return (RemoteSink(address: proxy.address, bug: bug, keepsBatches: keepsBatches), proxy)
    }

    func restartDestination() async throws -> Bool {
        server.restart()
        return true
    }

    func payload(for change: SinkChange) throws -> [UInt8]? {
        DictionaryPayload.encode(change)
    }

    func key(of payload: RawSpan) -> UInt64? {
        DictionaryPayload.key(of: payload)
    }

    func contents() async throws -> SinkContents {
        server.database.contents
    }
}
