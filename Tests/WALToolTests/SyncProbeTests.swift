import Testing
import WALMonitor

@testable import WAL
@testable import WALTool

/// A disk with syncs of half a second must not be OK.
@Suite struct SyncProbeTests {
    private func verdict(_ milliseconds: [Double]) throws -> LogCheck.Verdict {
        let storage = try StorageInfo(of: Directory(path: "/"))
        return SyncProbe(durations: milliseconds.map { Duration.milliseconds($0) }).item(on: storage).verdict
    }

    @Test func aSlowDiskIsAWarning() throws {
        #expect(try verdict([1, 2, 600]) == .warning)
        #expect(try verdict([1, 2, 3]) == .ok)
    }

    /// A disk that takes no file is a reason for an examination, so it must not end the examination.
    @Test func aFailedProbeIsAFinding() throws {
        let scratch = try Scratch()
        let item = SyncProbe.item(in: scratch.path("none"), on: try StorageInfo(of: Directory(path: "/")))
        #expect(item.verdict == .critical && item.next != nil)
        #expect(item.text.hasPrefix("The probe's file can't be made: "), "\(item.text)")
    }
}
