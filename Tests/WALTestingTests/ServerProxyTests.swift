import Foundation
import Testing
import WAL

@testable import WALTesting

/// The proxy between real servers and their own clients.
@Suite(.serialized, .timeLimit(.minutes(10))) struct ServerProxyTests {
    @Test(.enabled(if: PrivateServer.Kind.postgres.isInstalled, "PostgreSQL isn't installed"))
    func cutsPostgreSQLBetweenCommitAndReply() async throws {
        try await cutsBetweenCommitAndReply(.postgres)
    }

    @Test(.enabled(if: PrivateServer.Kind.mariadb.isInstalled, "MariaDB isn't installed"))
    func cutsMariaDBBetweenCommitAndReply() async throws {
        try await cutsBetweenCommitAndReply(.mariadb)
    }

    /// Withholds each reply in turn. A client that failed has changed nothing, or has committed without knowing it.
    private func cutsBetweenCommitAndReply(_ kind: PrivateServer.Kind) async throws {
        try await Blocking.run {
            let server = try PrivateServer(kind)
            let folder = server.directory.path + "/p"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
            let proxy = try CuttingProxy(
                listeningOn: .unix(path: folder + "/" + kind.socketName), forwardingTo: server.address)
            defer { proxy.close() }
            #expect(server.query("CREATE TABLE t (n int PRIMARY KEY)", through: proxy.address) != nil)
            var lostCommits = 0
            var number = 1
            while number < 50 {
                proxy.cutBeforeReply(number)
                let reply = server.query("INSERT INTO t VALUES (\(number))", through: proxy.address)
                proxy.cancelCuts()
                let count = server.query("SELECT count(*) FROM t WHERE n = \(number)", through: server.address)
                if reply != nil { break }
                if count == "1" { lostCommits += 1 }
                number += 1
            }
            // The proxy cut nothing in the last round: the client has all its replies.
            #expect(server.query("SELECT count(*) FROM t WHERE n = \(number)", through: proxy.address) == "1")
            #expect(lostCommits > 0, "no cut came between a commit and its reply in \(number) rounds")
            #expect(lostCommits < number, "no cut came before a commit")
            #expect(proxy.counts.cuts == number - 1)
        }
    }
}
