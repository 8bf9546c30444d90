/// The log position up to which the frames in a directory prove the log to be durable.
///
/// Each frame states the durable position at the time when it was written, and newer frames state higher ones. So only
/// the newest sealed segment and the unsealed ones after it count, and their frames are read once.
final class DurableFrontier: Sendable {
    private let state = Monitor(State())

    private struct State {
        var position: UInt64 = 0
        /// The unsealed segments, by the incarnation of their files.
        var unsealed: [UInt64: Walk] = [:]
    }

    /// A walk along the frames of an unsealed segment.
    private struct Walk {
        var segment: ReadableSegment
        var offset = SegmentHeader.size
        /// Whether all frames have been read, in a log without a writer. No writer appends to such a segment again.
        var isFinal = false

        /// Reads the frames from `offset` on, up to the first place without one. Returns their highest durable
        /// position.
        mutating func advance() throws(WALError) -> UInt64 {
            let header = segment.segment.header
            var position: UInt64 = 0
            while case .valid(let frame) = unsafe try segment.check(at: offset) {
                let durable = unsafe frame.header.durablePosition(at: header.position(at: offset))
                position = max(position, durable ?? 0)
                // A sealed file ends after its footer, although the mapping may be longer.
                if unsafe frame.header.kind == .footer { break }
                unsafe offset += frame.header.size
            }
            return position
        }
    }

    /// Reads the new frames in a directory. Returns the durable position that all frames prove.
    func advance(in source: DirectorySource) throws(WALError) -> UInt64 {
        try state.withLock { state throws(WALError) in
            var unsealed: [UInt64: Walk] = [:]
            // Without a writer, frames can follow a place without one: see `isFinal`.
            let isWritten = DirectoryLock.isHeld(in: source.directory)
            for number in try source.directory.segmentNumbers().reversed() {
                guard var examined = try source.examined(number), examined.belongs(to: source.logID),
                    let header = examined.header, HeaderReach().has(header)
                else { continue }
                if examined.footer == nil {
                    var walk = state.unsealed[header.incarnation]
                    if walk == nil { walk = try source.readable(number).map { Walk(segment: $0) } }
                    guard var walk else { continue }
                    state.position = max(state.position, try walk.advance())
                    if !isWritten, !walk.isFinal {
                        try examined.readFrames(into: ReadBuffer())
                        walk.isFinal = true
                    }
                    unsealed[header.incarnation] = walk
                }
                state.position = max(state.position, examined.durablePosition)
                if examined.footer != nil { break }
            }
            state.unsealed = unsealed
            return state.position
        }
    }
}
