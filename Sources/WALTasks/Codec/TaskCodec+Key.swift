extension TaskCodec {
    /// The key of what can't be decoded: any lane will do, as long as it is always the same one.
    static let undecodableKey: UInt64 = 0

    /// The key that a payload's lane comes from, found without decoding more than the task's id.
    ///
    /// Equal ids give equal keys, in every process and version. Nil for a mutation without a task id, which has to wait for
    /// everything before it. What can't be decoded gets a key, too: it isn't worth holding up all others for.
    public static func key(of payload: RawSpan) -> UInt64? {
        do throws(TaskCodecError) {
            var input = FieldInput(payload)
            guard try input.byte() == version, let kind = Kind(rawValue: try input.byte()) else {
                return undecodableKey
            }
            switch kind {
            case .deleteDAG, .removeTasks, .removeActivities: return nil
            case .save, .log, .updateStatus, .delete:
                guard let range = try input.textRange() else { return undecodableKey }
                return hash(payload.extracting(range))
            }
        } catch {
            return undecodableKey
        }
    }

    /// The key of a task id.
    static func key(ofTask id: String) -> UInt64 {
        unsafe hash(id.utf8.span.bytes)
    }

    /// FNV-1a with 64 bits, the upper half folded into the lower: its low bits alone only depend on the low bits of the input,
    /// and lanes are counted by low bits. (Fowler, Noll, Vo: draft-eastlake-fnv.)
    private static func hash(_ bytes: RawSpan) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in 0..<bytes.byteCount {
            hash ^= UInt64(unsafe bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self))
            hash &*= 0x0000_0100_0000_01B3
        }
        return hash ^ (hash >> 32)
    }
}
