internal import Synchronization

/// A segment that producers may still write to, or that isn't synced yet.
final class LiveSegment: Sendable {
    /// Whether a sync of the file has failed. A sync of this file must never be tried again.
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
