internal import WAL

/// An activity that is valid and still encoded, with the fields by which it is found.
struct EncodedActivity {
    let payload: [UInt8]
    let id: String
    let taskID: String
    let dagID: String
    let createdAt: Timestamp

    /// Checks every field, and decodes only some.
    init(_ bytes: RawSpan) throws(TaskCodecError) {
        var input = FieldInput(bytes)
        _ = try input.byte()  // version
        _ = try input.byte()  // kind
        taskID = try input.text()
        id = try input.text()
        createdAt = try input.time()
        dagID = try input.text()
        for isRequired in [true, true, false, false, true] {
            let offset = input.offset
            guard try input.validTextRange() != nil || !isRequired else {
                throw TaskCodecError(.invalidField, at: offset)
            }
        }
        try input.end()
        payload = unsafe bytes.withUnsafeBytes { unsafe Array($0) }
    }
}
