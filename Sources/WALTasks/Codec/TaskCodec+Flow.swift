/// The records of durable DAGs, which share the log with task mutations.
///
/// Such a record has the version byte, one of these kinds, and then a text, as a mutation has: the id of the task, so that it has the
/// task's key. The module WALFlow defines the fields that follow. Delivery to a store passes over these records.
extension TaskCodec {
    /// The second bytes of the records of durable DAGs.
    package static let flowKinds: ClosedRange<UInt8> = 16...31

    /// The first byte of every payload.
    package static let flowVersion = version

    /// Returns whether a record belongs to a durable DAG, and isn't a change of a task's row.
    public static func isFlowRecord(_ payload: RawSpan) -> Bool {
        guard payload.byteCount >= 2 else { return false }
        let (first, second) = unsafe (
            payload.unsafeLoad(fromByteOffset: 0, as: UInt8.self), payload.unsafeLoad(fromByteOffset: 1, as: UInt8.self)
        )
        return first == version && flowKinds.contains(second)
    }
}
