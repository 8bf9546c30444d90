extension TaskCodec {
    /// The key of undecodable payloads. Any lane will do if it is always the same.
    static let undecodableKey: UInt64 = 0

    /// Returns the key that determines a payload's lane. Decodes only the task's id.
    ///
    /// Equal ids give equal keys in every process and version. Nil for a mutation without a task id, which must wait
    /// for all earlier records. An undecodable payload has a key, so that it doesn't delay all others.
    public static func key(of payload: RawSpan) -> UInt64? {
        do throws(TaskCodecError) {
            var input = FieldInput(payload)
            guard try input.byte() == version else { return undecodableKey }
            let byte = try input.byte()
            guard let kind = Kind(rawValue: byte) else {
                guard flowKinds.contains(byte), let range = try input.textRange() else { return undecodableKey }
                return hash(payload.extracting(range))
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

    /// Returns the key of a task id.
    static func key(ofTask id: String) -> UInt64 {
        unsafe hash(id.utf8.span.bytes)
    }

    /// Returns a 64-bit FNV-1a hash with its upper half folded into the lower. Lanes are chosen by the low bits,
    /// which otherwise depend only on the low bits of the input. (Fowler, Noll, Vo: draft-eastlake-fnv.)
    private static func hash(_ bytes: RawSpan) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in 0..<bytes.byteCount {
            hash ^= UInt64(unsafe bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self))
            hash &*= 0x0000_0100_0000_01B3
        }
        return hash ^ (hash >> 32)
    }
}
