internal import WAL

/// Activities that are valid and still encoded, with the places of the fields by which they are found.
struct EncodedActivities {
    struct Entry {
        var createdAt: Timestamp
        /// The activity's own bytes.
        var payload: Range<Int>
        var id: Range<Int>
        var taskID: Range<Int>
        var dagID: Range<Int>
    }

    private(set) var bytes: [UInt8] = []
    private(set) var entries: [Entry] = []

    mutating func reserve(count: Int, byteCount: Int) {
        entries.reserveCapacity(count)
        bytes.reserveCapacity(byteCount)
    }

    /// Adds an activity. Checks every field, and decodes only some.
    mutating func append(_ payload: RawSpan) throws(TaskCodecError) {
        var input = FieldInput(payload)
        _ = try input.byte()  // version
        _ = try input.byte()  // kind
        let taskID = try Self.text(&input)
        let id = try Self.text(&input)
        let createdAt = try input.time()
        let dagID = try Self.text(&input)
        for isRequired in [true, true, false, false, true] {
            let offset = input.offset
            guard try input.validTextRange() != nil || !isRequired else {
                throw TaskCodecError(.invalidField, at: offset)
            }
        }
        try input.end()
        add(
            Entry(
                createdAt: createdAt, payload: 0..<payload.byteCount, id: id, taskID: taskID, dagID: dagID),
            of: payload)
    }

    /// Adds an activity of another buffer.
    mutating func append(_ entry: Entry, of buffer: [UInt8]) {
        unsafe add(entry, of: buffer.span.bytes.extracting(entry.payload))
    }

    private mutating func add(_ entry: Entry, of payload: RawSpan) {
        let shift = bytes.count - entry.payload.lowerBound
        unsafe payload.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
        entries.append(entry.moved(by: shift))
    }

    @_lifetime(input: copy input)
    private static func text(_ input: inout FieldInput) throws(TaskCodecError) -> Range<Int> {
        let start = input.offset
        guard let range = try input.validTextRange() else { throw TaskCodecError(.invalidField, at: start) }
        return range
    }
}

extension EncodedActivities.Entry {
    fileprivate func moved(by shift: Int) -> Self {
        func moved(_ range: Range<Int>) -> Range<Int> { range.lowerBound + shift..<range.upperBound + shift }
        return Self(
            createdAt: createdAt, payload: moved(payload), id: moved(id), taskID: moved(taskID), dagID: moved(dagID))
    }
}
