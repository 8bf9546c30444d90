#if NATS
    extension JetStreamSink {
        /// How to reach the servers, and what the stream must be like.
        public struct Configuration: Sendable {
            /// How the client identifies itself.
            public enum Credentials: Sendable {
                /// Not at all.
                case none
                /// With a token.
                case token(String)
                /// With a user and a password.
                case user(String, password: String)
                /// With a file of a JWT and a seed, as `nsc` makes it.
                case file(String)
            }

            /// The files of an encrypted connection, in PEM form.
            public struct TLS: Sendable {
                /// The certificates that are trusted. Nil for the system's.
                public var trusted: String?
                /// The certificates of the client and their key. Nil for none.
                public var client: (certificates: String, key: String)?

                /// Makes a value.
                public init(trusted: String? = nil, client: (certificates: String, key: String)? = nil) {
                    self.trusted = trusted
                    self.client = client
                }
            }

            /// What a message has.
            public enum Granularity: String, Sendable, CaseIterable {
                /// A batch of records, packed and compressed. It is many times faster, and any server can take it.
                case batch
                /// One record, as it is, for consumers that select by subject. A batch is stored as one atomic batch of at most 1,000 messages,
                /// which needs nats-server 2.12 or later.
                case record
            }

            /// The addresses of all servers of the cluster: `nats://host:4222`.
            public var servers: [String]
            /// The name of the sink in the log's cursor, in metrics and in messages.
            public var name = "jetstream"
            /// The stream. Nil for `wal-` and the log's id.
            public var stream: String?
            /// The least number of the stream's replicas, 1 to 5. With three, the stream survives the loss of a machine.
            public var replicas = 3
            /// Whether the sink creates a stream that doesn't exist. It never creates one that it has written before.
            public var createsStream = true
            /// The largest size in bytes of a stream that the sink creates. Nil for no limit.
            public var maxStreamBytes: Int?
            /// Whether a stream may remove its oldest messages at its limit. The newest message, which has the position, always stays.
            public var isRolling = false
            /// What a message has. It may change while a stream has messages.
            public var granularity = Granularity.batch
            /// Whether batches are compressed with LZ4 if that saves an eighth.
            public var isCompressed = true
            /// The largest body of a message in bytes. The server's limit counts, too.
            public var maxMessageSize = 900_000
            /// The credentials.
            public var credentials = Credentials.none
            /// Encryption. Nil for none.
            public var tls: TLS?
            /// The longest time to wait for an answer.
            public var timeout = Duration.seconds(5)

            /// Makes a configuration with the addresses of the servers.
            public init(servers: [String]) {
                self.servers = servers
            }

            /// Throws `invalidOption` for an option that can't be used.
            public func validate() throws(JetStreamError) {
                let forbidden =
                    stream.map { $0.isEmpty || $0.contains { " .*>/\\\"".contains($0) || $0.isControl } } ?? false
                let checks: [(Bool, String)] = [
                    (!servers.isEmpty, "servers must have an address."),
                    (!name.isEmpty, "name must not be empty."),
                    (
                        !forbidden,
                        "stream must not be empty, or have spaces, control characters or one of . * > / \\ \"."
                    ),
                    ((1...5).contains(replicas), "replicas must be 1 to 5, not \(replicas)."),
                    (maxMessageSize >= 4096, "maxMessageSize must be at least 4096, not \(maxMessageSize)."),
                    (maxStreamBytes ?? 1 > 0, "maxStreamBytes must be positive."),
                    (
                        timeout >= .milliseconds(100) && timeout <= .seconds(3600),
                        "timeout must be 100 milliseconds to an hour, not \(timeout)."
                    ),
                ]
                for (isValid, message) in checks where !isValid { throw JetStreamError(.invalidOption, message) }
            }
        }
    }

    extension Character {
        fileprivate var isControl: Bool { unicodeScalars.contains { $0.properties.generalCategory == .control } }
    }
#endif
