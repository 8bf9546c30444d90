internal import Synchronization

/// A segment that producers may be writing to, or that isn't synced yet.
final class LiveSegment: Sendable {
    /// A sync of the file has failed, and must never be tried again.
    let hasFailedSync = Atomic<Bool>(false)
    let segment: Segment
    let file: File
    let mapping: Mapping
    let frameLimit: Int

    init(segment: Segment, file: File, mapping: Mapping) {
        self.segment = segment
        self.file = file
        self.mapping = mapping
        frameLimit = Segment.frameLimit(capacity: mapping.size)
    }
}
