/// When a frame is valid (FORMAT.md, "When a frame is valid"): the only way from bytes of a file to a frame that is trusted.
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
        /// The commit word is zero: nothing here, yet.
        case empty
        /// There is no room for a frame's header before the limit.
        case atLimit
        case invalid(Reason)
    }

    /// Which condition isn't met, by its number in FORMAT.md.
    enum Reason: String {
        /// 3: the length is impossible.
        case length
        /// 4: the checksum doesn't fit.
        case checksum
        /// 5: the kind is unknown and may not be skipped.
        case kind
        /// 6: the record index is lower than the number of records before.
        case recordIndex
        /// 7 and 8: the record index is too high, or the body is not as its kind has it.
        case body
    }

    /// Checks the frame at `offset` of a segment. `commitWord` was loaded from there before, with acquire order if the
    /// segment may be written to; `limit` is where frames end at the latest.
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

    /// Whether a frame is a valid record: the same conditions for the kind that most frames have, without an outcome to build.
    /// `limit` is a multiple of eight, and at least a header behind `offset`.
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

    /// Checks the frame at `offset` of memory that nobody writes to.
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
