#if MySQL
    internal import WALTasks

    /// The limit on the size of packets. If a packet is larger, the server ends the connection, as if it had gone away.
    enum Packet {
        /// The bytes of the header, flags and types of parameters, with a margin.
        private static let overhead = 256
        /// The bytes of a value's length, indicator and type.
        private static let overheadPerValue = 12

        static func sizeMax(of connection: Connection) -> Int {
            connection.packetSizeMax - overhead
        }

        /// Returns the largest number of bytes that a row takes as values of a prepared statement.
        static func size(of table: RowTable, _ row: Int) -> Int {
            (table.sizes.indices.contains(row) ? table.sizes[row] : 0) + table.columnCount * overheadPerValue
        }

        static func tooLarge(_ size: Int, for connection: Connection, _ name: String) -> StoreError {
            connection.error(
                .rowRefused,
                "a row needs a packet of \(size) bytes, the server takes \(connection.packetSizeMax):"
                    + " raise its max_allowed_packet", statement: name)
        }
    }
#endif
