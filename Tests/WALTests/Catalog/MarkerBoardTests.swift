import Testing

@testable import WAL

/// Changes of cursors and bookmarks that wait for a segment.
@Suite struct MarkerBoardTests {
    private let board = MarkerBoard(Markers())
    private let mark = Bookmark(name: "redriven/orders", position: 1, metadata: [1])

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
        let reservation = try board.reserve(.bookmark(mark))
        #expect(appended() == [.cursor(name: mark.name, sequence: 7)])
        board.add(reservation)
        #expect(appended().isEmpty)
        #expect(board.markers.bookmarks[mark.name] == mark)
    }

    @Test func withoutTheBatchTheChangeWaitsOn() throws {
        try board.set(.bookmarkRemoved(name: mark.name)) { _ in false }
        board.release(try board.reserve(.bookmark(mark)))
        #expect(appended() == [.bookmarkRemoved(name: mark.name)])
        // Unless a later one has come meanwhile.
        try board.set(.bookmarkRemoved(name: mark.name)) { _ in false }
        let reservation = try board.reserve(.bookmark(mark))
        try board.set(.bookmark(mark)) { _ in false }
        board.release(reservation)
        #expect(appended() == [.bookmark(mark)])
    }
}
