internal import WALDelivery

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
                return StableHash.of(payload.extracting(range))
            }
            switch kind {
            case .deleteDAG, .removeTasks, .removeActivities: return nil
            case .save, .log, .updateStatus, .delete:
                guard let range = try input.textRange() else { return undecodableKey }
                return StableHash.of(payload.extracting(range))
            }
        } catch {
            return undecodableKey
        }
    }

    /// Returns the kind of a payload; nil if it isn't an encoded mutation.
    static func kind(of payload: RawSpan) -> Kind? {
        guard payload.byteCount >= 2, unsafe payload.unsafeLoad(fromByteOffset: 0, as: UInt8.self) == version else {
            return nil
        }
        return unsafe Kind(rawValue: payload.unsafeLoad(fromByteOffset: 1, as: UInt8.self))
    }
}
