/// The check of a frame's validity (FORMAT.md, "When a frame is valid"). No other code turns bytes of a file into a
/// trusted frame.
enum FrameValidity {
    /// A frame whose checksum was verified.
    @unsafe
    struct Verified {
        var header: FrameHeader
        /// The body, in the memory that was verified.
        var body: UnsafeRawBufferPointer
    }

    @unsafe
    enum Outcome {
        case valid(Verified)
        /// The commit word is zero: nothing was committed here yet.
        case empty
        /// A frame's header doesn't fit before the limit.
        case atLimit
        case invalid(Reason)
    }

    /// The condition that isn't met, by its number in FORMAT.md.
    enum Reason: String {
        /// 2: the commit word is zero, although frames follow. A list of frames reports this; otherwise such a place is
        /// ``Outcome/empty``.
        case commitWord
        /// 3: the length is impossible.
        case length
        /// 4: the checksum doesn't match.
        case checksum
        /// 5: the kind is unknown and may not be skipped.
        case kind
        /// 6: the record index is lower than the number of records before the frame.
        case recordIndex
        /// 7 and 8: the record index is too high, or the body isn't valid for the frame's kind.
        case body
    }

    /// Checks the frame at `offset` of a segment. The caller has loaded `commitWord` from there, with acquire order if
    /// the segment may be written to. `limit` is the offset up to which frames may reach.
    @inline(__always)
    static func check(
        commitWord: UInt64, base: UnsafeRawPointer, offset: Int, limit: Int, seed: UInt32, recordIndexMin: UInt32
    ) -> Outcome {
        guard commitWord != 0 else { return unsafe .empty }
        let length = Int(UInt32(truncatingIfNeeded: commitWord))
        guard length >= Frame.headerSize, length <= limit - offset, roundedUp8(length) <= limit - offset else {
            return unsafe .invalid(.length)
        }
        let frame = unsafe base + offset
        guard
            unsafe Frame.checksum(seed: seed, offset: offset, length: length, frame: frame)
                == UInt32(truncatingIfNeeded: commitWord >> 32)
        else { return unsafe .invalid(.checksum) }
        let header = unsafe FrameHeader(frame)
        guard header.kind.isKnown || header.kind.isSkippable else { return unsafe .invalid(.kind) }
        guard header.recordIndex >= recordIndexMin else { return unsafe .invalid(.recordIndex) }
        let body = unsafe UnsafeRawBufferPointer(start: frame + Frame.Offset.body, count: header.bodySize)
        return unsafe .valid(Verified(header: header, body: body))
    }

    /// Whether a frame is a valid record. Checks the same conditions for the most frequent kind, without building an
    /// outcome. `limit` must be a multiple of eight, and at least a header's size after `offset`.
    @inline(__always)
    static func isRecord(
        commitWord: UInt64, frame: UnsafeRawPointer, offset: Int, limit: Int, seed: UInt32, recordIndexMin: UInt32
    ) -> Bool {
        let length = Int(UInt32(truncatingIfNeeded: commitWord))
        guard length >= Frame.headerSize, length <= limit &- offset,
            unsafe Frame.Kind(rawValue: frame.load(at: Frame.Offset.kindAndTime)) == .record,
            unsafe frame.load(UInt32.self, at: Frame.Offset.recordIndex) >= recordIndexMin
        else { return false }
        return unsafe Frame.checksum(seed: seed, offset: offset, length: length, frame: frame)
            == UInt32(truncatingIfNeeded: commitWord >> 32)
    }

    /// Checks the frame at `offset` of memory that no thread writes to.
    static func check(
        _ bytes: UnsafeRawBufferPointer, offset: Int, seed: UInt32, recordIndexMin: UInt32
    ) -> Outcome {
        guard let base = bytes.baseAddress, offset + Frame.headerSize <= bytes.count else {
            return unsafe .atLimit
        }
        return unsafe check(
            commitWord: base.load(at: offset), base: base, offset: offset, limit: bytes.count, seed: seed,
            recordIndexMin: recordIndexMin)
    }
}
