#if NATS
    internal import WAL
    internal import WALDelivery

    extension JetStreamSink.Configuration {
        /// Makes a configuration from an address: `nats://user:password@host:port,host:port/stream?option=value&…`.
        ///
        /// The scheme `tls` encrypts the connections. Only the scheme and the first host are required. A user without a
        /// password is a token. User, password, stream and values are percent-decoded.
        ///
        /// | Option | Meaning |
        /// | --- | --- |
        /// | `replicas` | ``replicas`` |
        /// | `max_bytes` | ``maxStreamBytes`` |
        /// | `granularity` | ``granularity``: `batch` or `record` |
        /// | `creds` | the path of a file of credentials |
        /// | `ca` | the path of a file of trusted certificates; encrypts the connections |
        /// | `cert`, `key` | the paths of the files of the client's certificates and key; encrypt the connections |
        ///
        /// - Parameter url: The address.
        /// - Throws: ``JetStreamError`` with the code `invalidOption`. Its message doesn't quote the address, which may
        ///   have a password.
        public init(url: String) throws(JetStreamError) {
            let parts = try URLParts(url)
            self.init(servers: parts.hosts.map { "nats://\($0)" })
            if let user = parts.user {
                credentials = parts.password.map { .user(user, password: $0) } ?? .token(user)
            }
            stream = parts.stream
            if parts.isEncrypted { tls = TLS() }
            for (name, value) in parts.options { try set(name, to: value) }
            if let cert = parts.options["cert"], let key = parts.options["key"] {
                tls = TLS(trusted: parts.options["ca"], client: (cert, key))
            } else if parts.options["cert"] != nil || parts.options["key"] != nil {
                throw URLParts.malformed("has only one of the options cert and key")
            }
            try validate()
        }

        private mutating func set(_ name: String, to value: String) throws(JetStreamError) {
            switch name {
            case "replicas": replicas = try Self.number(value, name)
            case "max_bytes": maxStreamBytes = try Self.number(value, name)
            case "granularity":
                guard let granularity = Granularity(rawValue: value) else {
                    throw URLParts.malformed("has an option granularity that is neither batch nor record")
                }
                self.granularity = granularity
            case "creds": credentials = .file(value)
            case "ca": tls = TLS(trusted: value)
            case "cert", "key": break
            default:
                throw URLParts.malformed(
                    "has an unknown option: the options are replicas, max_bytes, granularity, creds, ca, cert and key")
            }
        }

        private static func number(_ value: String, _ name: String) throws(JetStreamError) -> Int {
            guard let number = Int(value) else {
                throw URLParts.malformed("has an option \(name) that isn't a number")
            }
            return number
        }
    }

    /// The parts of an address, decoded.
    private struct URLParts {
        var isEncrypted: Bool
        var hosts: [Substring]
        var user: String?
        var password: String?
        var stream: String?
        var options: [String: String] = [:]

        init(_ url: String) throws(JetStreamError) {
            isEncrypted = url.hasPrefix("tls://")
            guard isEncrypted || url.hasPrefix("nats://"), let slashes = url.firstRange(of: "//") else {
                throw Self.malformed("doesn't begin with nats:// or tls://")
            }
            let parts = AddressParts(url[slashes.upperBound...])
            // The path may be the rest of a password with an unencoded '/', and messages would show it as the stream.
            guard parts.path?.contains("@") != true else {
                throw Self.malformed("has an '@' after its first '/': write a '/' in user or password as %2F")
            }
            if let user = parts.user { self.user = try Self.decoded(user) }
            if let password = parts.password { self.password = try Self.decoded(password) }
            hosts = parts.place.split(separator: ",", omittingEmptySubsequences: false)
            guard hosts.allSatisfy({ !$0.isEmpty }) else { throw Self.malformed("has an empty host") }
            if let path = parts.path, !path.isEmpty { stream = try Self.decoded(path) }
            for (name, value) in parts.options {
                guard let value else { throw Self.malformed("has an option without '='") }
                options[String(name)] = try Self.decoded(value)
            }
        }

        private static func decoded(_ text: Substring) throws(JetStreamError) -> String {
            guard let bytes = [UInt8](percentDecoding: text) else {
                throw malformed("has a '%' without two hexadecimal digits: write a '%' itself as %25")
            }
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw malformed("has text that isn't UTF-8")
            }
            return text
        }

        static func malformed(_ reason: String) -> JetStreamError {
            JetStreamError(.invalidOption, "The servers' address \(reason).")
        }
    }
#endif
