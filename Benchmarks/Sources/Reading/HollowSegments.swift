import CLimits
import Foundation
import WAL

/// Frees the disk space in the middle of sealed segments, so that many of them fit. Headers, the first records, index
/// and footer stay: opening and finding need no more.
struct HollowSegments {
    private static let kept = 256 << 10
    private var done: Set<UInt64> = []

    mutating func hollow(out segments: [SegmentInfo]) throws {
        for segment in segments where segment.state == .sealed && !done.contains(segment.number) {
            guard let end = segment.usedSize, end > 2 * Self.kept else { continue }
            guard climits_punch(segment.path, Self.kept, end - Self.kept) == 0 else {
                throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
            }
            done.insert(segment.number)
        }
    }
}
