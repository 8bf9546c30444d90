#if MySQL
    internal import WAL
    internal import WALDelivery
    internal import WALTasks

    /// The address of a database, with its timeouts: `mysql://user:password@host:port/database?option=value&…`.
    ///
    /// The scheme may also be `mariadb:`, or be left out. User, password, database and values are percent-decoded.
    struct ServerAddress: Hashable, Sendable {
        /// The required encryption of a connection.
        enum Encryption: String {
            /// Encryption if the library and the server agree on it. Connector/C before 3.4 never asks for it.
            case preferred
            /// Encryption, without a check of the server's certificate.
            case required
            /// Encryption, with a certificate that a known authority has signed for this host.
            case verified
        }

        var host = "localhost"
        var port: UInt32 = 3306
        /// Whether the address has a port. Without one, the library may use a socket of this machine.
        var namesPort = false
        /// The path of the socket, instead of host and port.
        var socket: String?
        /// The user. Nil for the name of the user that runs the process.
        var user: String?
        var password: String?
        var database: String
        var encryption = Encryption.preferred
        /// The path of a file with the certificates of authorities.
        var authorities: String?
        /// The timeouts in seconds, each at least 1.
        var connectTimeout: UInt32 = 5
        var readTimeout: UInt32 = 60
        var writeTimeout: UInt32 = 60

        /// The address for messages, without user and password.
        var description: String {
            "\(socket ?? "\(host):\(port)") \(database)"
        }

        /// Parses an address. Errors name the wrong part and quote no text, because a malformed address may have the
        /// password in any part.
        init(_ url: String) throws(StoreError) {
            var rest = url[...]
            for scheme in ["mysql:", "mariadb:"] where rest.hasPrefix(scheme) { rest = rest.dropFirst(scheme.count) }
            guard rest.hasPrefix("//") else { throw Self.malformed("doesn't begin with mysql:// or //") }
            let parts = AddressParts(rest.dropFirst(2))
            let (host, port) = try Self.hostAndPort(parts.place)
            for (_, value) in parts.options where value == nil { throw Self.malformed("has an option without '='") }
            // The path may be the rest of a password with an unencoded '/', and messages would show it as the database.
            guard parts.path?.contains("@") != true else {
                throw Self.malformed("has an '@' after its first '/': write a '/' in user or password as %2F")
            }
            guard let database = try Self.decoded(parts.path, "database"), !database.isEmpty else {
                throw Self.malformed("names no database: mysql://user:password@host:port/database")
            }
            self.database = database
            user = try Self.decoded(parts.user, "user")
            password = try Self.decoded(parts.password, "password")
            if let host = try Self.decoded(host, "host"), !host.isEmpty { self.host = host }
            if let port {
                guard let number = UInt32(port), (1...65535).contains(number) else {
                    throw Self.malformed("has a port that isn't a number from 1 to 65535")
                }
                self.port = number
                namesPort = true
            }
            for (name, value) in parts.options {
                guard let value = try Self.decoded(value, "options") else { continue }
                try set(String(name), to: value)
            }
        }

        private mutating func set(_ name: String, to value: String) throws(StoreError) {
            switch name {
            case "socket": socket = value
            case "tls":
                guard let encryption = Encryption(rawValue: value) else {
                    throw Self.malformed("has an option 'tls' that is neither preferred, required nor verified")
                }
                self.encryption = encryption
            case "tls_ca": authorities = value
            case "connect_timeout": connectTimeout = try Self.seconds(value, name)
            case "read_timeout": readTimeout = try Self.seconds(value, name)
            case "write_timeout": writeTimeout = try Self.seconds(value, name)
            default:
                throw Self.malformed(
                    "has an unknown option: there are socket, tls, tls_ca, connect_timeout, read_timeout and write_timeout"
                )
            }
        }

        private static func seconds(_ value: String, _ name: String) throws(StoreError) -> UInt32 {
            guard let number = UInt32(value), (1...86400).contains(number) else {
                throw malformed("has an option '\(name)' that isn't a number of seconds from 1 to 86400")
            }
            return number
        }

        private static func hostAndPort(_ place: Substring) throws(StoreError) -> (Substring, Substring?) {
            guard place.hasPrefix("[") else { return place.divided(at: ":") }
            guard let end = place.firstIndex(of: "]") else { throw malformed("has a '[' without a ']'") }
            let host = place[place.index(after: place.startIndex)..<end]
            let behind = place[place.index(after: end)...]
            guard behind.isEmpty || behind.hasPrefix(":") else {
                throw malformed("has something other than a port after ']'")
            }
            return (host, behind.isEmpty ? nil : behind.dropFirst())
        }

        private static func decoded(_ text: Substring?, _ part: String) throws(StoreError) -> String? {
            guard let text else { return nil }
            guard let bytes = [UInt8](percentDecoding: text) else {
                throw malformed("has a '%' without two hexadecimal digits in its \(part): write a '%' itself as %25")
            }
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw malformed("has a \(part) that isn't UTF-8")
            }
            return text
        }

        private static func malformed(_ reason: String) -> StoreError {
            StoreError(.invalidArgument, "the server's address \(reason)")
        }
    }
#endif
