#if Postgres
    internal import CWALPostgres
    internal import WAL
    internal import WALTasks

    /// The OIDs of the types whose values a sink's function doesn't get as texts.
    private enum SQLType {
        static let bool: Oid = 16
        static let bytes: Oid = 17
        static let integers: Set<Oid> = [20, 21, 23, 26]
        static let reals: Set<Oid> = [700, 701]
        static let timestamp: Oid = 1114
        static let timestampWithZone: Oid = 1184
    }

    extension SQLValue {
        /// The settings of a sink's sessions. `init(literal:of:)` reads values in these styles.
        static let variables = [
            "datestyle = 'ISO'", "timezone = 'UTC'", "bytea_output = 'hex'", "extra_float_digits = 1",
        ]

        /// Makes a value from SQL's text form, as the server writes it.
        init(literal: String, of type: Oid) {
            self =
                switch type {
                case SQLType.bool: .integer(literal == "t" ? 1 : 0)
                case SQLType.bytes: Self.bytes(literal).map(SQLValue.blob) ?? .text(literal)
                case SQLType.timestamp: Timestamp(literal + "Z").map(SQLValue.time) ?? .text(literal)
                case SQLType.timestampWithZone:
                    // Times before the year 1 or after 9999, and infinite times, stay texts.
                    literal.hasSuffix("+00")
                        ? Timestamp(literal.dropLast(3) + "Z").map(SQLValue.time) ?? .text(literal) : .text(literal)
                case _ where SQLType.integers.contains(type): Int64(literal).map(SQLValue.integer) ?? .text(literal)
                case _ where SQLType.reals.contains(type): Double(literal).map(SQLValue.real) ?? .text(literal)
                default: .text(literal)
                }
        }

        /// Reads `\x` and two digits for each byte. Returns nil for other texts.
        private static func bytes(_ literal: String) -> [UInt8]? {
            let digits = Array(literal.utf8.dropFirst(2))
            var bytes: [UInt8] = []
            bytes.reserveCapacity(digits.count / 2)
            for index in stride(from: 0, to: digits.count - 1, by: 2) {
                guard let high = Self.value(ofDigit: digits[index]), let low = Self.value(ofDigit: digits[index + 1])
                else { return nil }
                bytes.append(high << 4 | low)
            }
            return bytes
        }

        private static func value(ofDigit digit: UInt8) -> UInt8? {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
            default: nil
            }
        }
    }

    extension ParameterList {
        /// Adds a value for a parameter of this type. Returns the reason if the value can't be sent.
        ///
        /// The server reads literals as any type, and refuses those that don't fit.
        mutating func append(_ value: SQLValue, as type: Oid) -> (code: StoreError.Code, reason: String)? {
            switch value {
            case .null: appendNull()
            case .integer(let number): append(literal: "\(number)")
            case .real(let number): append(literal: "\(number)")
            case .text(let text):
                // A literal would end at the NUL.
                if text.utf8.contains(0) { return (.rowRefused, "a text has a NUL, which PostgreSQL can't store") }
                append(literal: text)
            case .blob(let bytes):
                guard type == SQLType.bytes else {
                    return (.invalidArgument, "bytes go to a parameter of type bytea: write it as $1::bytea")
                }
                append(bytes)
            case .time(let time):
                if [SQLType.timestamp, SQLType.timestampWithZone].contains(type) {
                    append(time)
                } else {
                    append(literal: time.description)
                }
            }
            return nil
        }
    }

    extension BinaryArray.Element {
        /// The array's type in SQL, and its OID.
        var array: (type: String, oid: Oid) {
            switch self {
            case .text: ("text[]", 1009)
            case .json: ("json[]", 199)
            case .timestamp: ("timestamptz[]", 1185)
            case .int4: ("int4[]", 1007)
            case .int8: ("int8[]", 1016)
            case .float8: ("float8[]", 1022)
            case .bytes: ("bytea[]", 1001)
            }
        }

        /// Makes the type of the elements for a column's type: text if no array takes the column's values in binary
        /// form.
        init(column type: Oid) {
            self = Self(rawValue: Int32(bitPattern: type)) ?? .text
        }

        /// Makes the type of the elements from the OID of the array type. Nil for other types.
        init?(array type: Oid) {
            guard let element = Self.allCases.first(where: { $0.array.oid == type }) else { return nil }
            self = element
        }
    }

    extension SQLValue {
        /// The approximate number of bytes that the value takes in an array.
        var sizeInArray: Int {
            switch self {
            case .text(let text): 4 + text.utf8.count
            case .blob(let bytes): 4 + bytes.count
            case .null, .integer, .real, .time: 12
            }
        }
    }

    extension BinaryArray {
        /// Adds a value of a column. Returns the reason if the array can't hold it.
        func append(_ value: SQLValue) -> (code: StoreError.Code, reason: String)? {
            switch (value, element) {
            case (.null, _): appendNull()
            case (.integer(let number), .int8): append(number)
            case (.integer(let number), .int4):
                guard let number = Int32(exactly: number) else { return (.rowRefused, "\(number) is beyond int") }
                append(number)
            case (.integer(let number), .float8): append(Double(number))
            case (.integer(let number), .text): append("\(number)")
            case (.real(let number), .float8): append(number)
            case (.real(let number), .text): append("\(number)")
            case (.text(let text), .text), (.text(let text), .json): append(text)
            case (.blob(let bytes), .bytes): append(bytes)
            case (.time(let time), .timestamp): append(time)
            case (.time(let time), .text): append(time.description)
            default: return (.invalidArgument, "\(value) isn't of the type \(element.array.type)")
            }
            return nil
        }
    }
#endif
