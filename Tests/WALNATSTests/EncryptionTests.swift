#if NATS
    import Foundation
    import Testing
    import WAL
    import WALDelivery

    @testable import WALNATS

    /// Encrypted connections to a server that requires a certificate of the client.
    @Suite(.serialized, .needsServer, .timeLimit(.minutes(30))) struct EncryptionTests {
        private let directory = NSTemporaryDirectory() + "wnats-tls-" + UUID().uuidString.prefix(8)

        /// Makes certificates of an authority, a server and a client, and one of another authority.
        private func makeCertificates() throws {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            _ = try Servers.shell(
                """
                cd \(directory)
                authority() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout $1.key -out $1.pem -days 1 -subj /CN=$1; }
                issue() {
                    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout $1.key -out $1.csr -subj /CN=$1
                    echo "subjectAltName=IP:127.0.0.1,DNS:localhost" >$1.ext
                    openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out $1.pem -days 1 -extfile $1.ext
                }
                { authority ca && authority other && issue server && issue client; } 2>/dev/null
                """)
        }

        @Test func onlyTrustedEndsTalk() async throws {
            try makeCertificates()
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let servers = try Servers(
                configuration:
                    "tls { cert_file: \"\(directory)/server.pem\", key_file: \"\(directory)/server.key\", ca_file: \"\(directory)/ca.pem\", verify: true }"
            )
            let client = (certificates: "\(directory)/client.pem", key: "\(directory)/client.key")
            func claim(_ tls: JetStreamSink.Configuration.TLS?) async throws -> JetStreamError? {
                var configuration = servers.configuration
                configuration.tls = tls
                let sink = try JetStreamSink(configuration)
                let error = await error { _ = try await sink.claim(0..<1, of: 1, log: .random()) }
                await sink.close()
                return error
            }
            #expect(try await claim(.init(trusted: "\(directory)/ca.pem", client: client)) == nil)
            #expect(try await claim(nil) != nil)
            #expect(try await claim(.init(trusted: "\(directory)/ca.pem")) != nil)
            let stranger = try #require(try await claim(.init(trusted: "\(directory)/other.pem", client: client)))
            #expect(stranger.code == .unauthorized, "\(stranger)")
            let missing = try #require(try await claim(.init(trusted: "\(directory)/none.pem", client: client)))
            #expect(missing.code == .invalidOption && missing.message.contains("none.pem"), "\(missing)")
        }
    }
#endif
