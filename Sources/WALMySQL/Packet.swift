#if MySQL
    internal import WALTasks

    /// How large what is sent may be: the server ends the connection at a larger packet, which looks as if it had gone away.
    enum Packet {
        /// Header, flags and types of parameters, amply.
        private static let overhead = 256
        /// A length, an indicator and a type.
        private static let overheadPerValue = 12

        static func sizeMax(of connection: Connection) -> Int {
            connection.packetSizeMax - overhead
        }

        /// The largest number of bytes of a row as values of a prepared statement.
        static func size(of table: RowTable, _ row: Int, parameterCount: Int) -> Int {
            (table.sizes.indices.contains(row) ? table.sizes[row] : 0) + parameterCount * overheadPerValue
        }

        static func tooLarge(_ size: Int, for connection: Connection, _ name: String) -> StoreError {
            StoreError(
                .rowRefused,
                "a row needs a packet of \(size) bytes, the server takes \(connection.packetSizeMax):"
                    + " raise its max_allowed_packet",
                statement: name, place: connection.settings.address.description)
        }
    }
#endif
