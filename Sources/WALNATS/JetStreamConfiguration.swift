#if NATS
    extension JetStreamSink {
        /// The servers of a sink, and the required properties of its stream.
        public struct Configuration: Sendable {
            /// The credentials with which the client identifies itself.
            public enum Credentials: Sendable {
                /// No credentials.
                case none
                /// A token.
                case token(String)
                /// A user and a password.
                case user(String, password: String)
                /// The path of a file with a JWT and a seed, as made by `nsc`.
                case file(String)
            }

            /// The paths of the files of an encrypted connection, in PEM form.
            public struct TLS: Sendable {
                /// The file of the trusted certificates. Nil for those of the system.
                public var trusted: String?
                /// The files of the client's certificates and their key. Nil for none.
                public var client: (certificates: String, key: String)?

                /// Makes a value.
                ///
                /// - Parameters:
                ///   - trusted: The file of the trusted certificates. Nil for those of the system.
                ///   - client: The files of the client's certificates and their key. Nil for none.
                public init(trusted: String? = nil, client: (certificates: String, key: String)? = nil) {
                    self.trusted = trusted
                    self.client = client
                }
            }

            /// The contents of a message.
            public enum Granularity: String, Sendable, CaseIterable {
                /// A batch of records, packed and compressed. It is many times faster than single records, and any
                /// server takes it.
                case batch
                /// One record, unchanged, for consumers that select by subject. The server stores a batch as one atomic
                /// batch of at most 1,000 messages, which needs nats-server 2.12 or later.
                case record
            }

            /// The addresses of all servers of the cluster, each as `nats://host:4222`.
            public var servers: [String]
            /// The name of the sink in the log's cursor, in metrics and in messages.
            public var name = "jetstream"
            /// The name of the stream. Nil for `wal-` and the log's id.
            public var stream: String?
            /// The least number of the stream's replicas, from 1 to 5. With three, the stream survives the loss of a
            /// machine.
            public var replicas = 3
            /// Whether the sink creates a stream that doesn't exist. It doesn't create a stream again that it has used
            /// since it was made.
            public var createsStream = true
            /// The largest size in bytes of a stream that the sink creates. Nil for no limit.
            public var maxStreamBytes: Int?
            /// Whether the stream may remove its oldest messages when it reaches a limit. The newest message has the
            /// position and always stays.
            public var isRolling = false
            /// The contents of a message. It may change while a stream has messages, because readers take both kinds.
            public var granularity = Granularity.batch
            /// Whether a batch is compressed with LZ4 if that saves at least an eighth.
            public var isCompressed = true
            /// The largest body of a message, in bytes. The limits of the server and the stream apply, too.
            public var maxMessageSize = 900_000
            /// The credentials.
            public var credentials = Credentials.none
            /// The encryption of the connections. Nil for none.
            public var tls: TLS?
            /// The longest time to wait for an answer.
            public var timeout = Duration.seconds(5)

            /// Makes a configuration with the addresses of the servers.
            ///
            /// - Parameter servers: The addresses of all servers of the cluster, each as `nats://host:4222`.
            public init(servers: [String]) {
                self.servers = servers
            }

            /// Checks that all options can be used.
            ///
            /// - Throws: ``JetStreamError`` with the code `invalidOption` for the first option that can't be used.
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
