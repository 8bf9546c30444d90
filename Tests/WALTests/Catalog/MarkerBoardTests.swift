import Testing

@testable import WAL

/// Changes of cursors and bookmarks that wait for a segment, or for a batch with the bookmark.
@Suite struct MarkerBoardTests {
    private let board = MarkerBoard(Markers())
    private let mark = Bookmark(name: "redriven/orders", position: 1, metadata: [1])
    private var batch: Marker { .bookmark(mark) }

    private func appended() -> [Marker] {
        var all: [Marker] = []
        board.flushPending { entries in
            all += entries
            return true
        }
        return all
    }

    /// The removal of a bookmark came after a batch with the bookmark in the log, so a crash made dead letters come twice.
    @Test func aBatchsBookmarkReplacesAChangeThatWaits() throws {
        try board.set(.bookmarkRemoved(name: mark.name)) { _ in false }
        try board.set(.cursor(name: mark.name, sequence: 7)) { _ in false }
        try board.reserve(batch)
        #expect(appended() == [.cursor(name: mark.name, sequence: 7)])
        // A sync must not count the change as appended.
        #expect(board.pendingNames == [mark.name])
        board.add(batch)
        #expect(board.pendingNames.isEmpty && appended().isEmpty)
        #expect(board.markers.bookmarks[mark.name] == mark)
    }

    /// Also a change that comes while the batch is being appended. The register and the log then have the same.
    @Test func aChangeDuringTheBatchIsReplaced() throws {
        try board.reserve(batch)
        try board.set(.bookmarkRemoved(name: mark.name)) { _ in true }
        board.add(batch)
        #expect(appended().isEmpty)
        #expect(board.markers.bookmarks[mark.name] == mark)
    }

    @Test func withoutTheBatchTheChangeIsAppended() throws {
        try board.set(.bookmarkRemoved(name: mark.name)) { _ in false }
        try board.reserve(batch)
        #expect(appended().isEmpty)
        board.release(batch)
        #expect(appended() == [.bookmarkRemoved(name: mark.name)])
        #expect(board.markers.bookmarks.isEmpty)
    }

    /// One of two batches with the bookmark fails.
    @Test func aFailedBatchDoesNotBringBackWhatAnotherReplaced() throws {
        let other = Marker.bookmark(Bookmark(name: mark.name, position: 2))
        try board.set(.bookmarkRemoved(name: mark.name)) { _ in false }
        try board.reserve(batch)
        try board.reserve(other)
        board.add(other)
        board.release(batch)
        #expect(appended().isEmpty)
        #expect(board.markers.bookmarks[mark.name]?.position == 2)
    }
}
