import Foundation
import Testing
import WALTesting

@testable import WAL

/// An opening that failed to sync the directory's name, or was killed before that sync, left a directory that the next opening
/// took for an old one. A power loss then removed the whole log, with its durable records.
@Suite struct FirstOpeningTests {
    @Test(arguments: 1...12) func whatFollowsAFailedFirstOpeningIsDurable(call: Int) throws {
        let root = LogImage.directory()
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: root) }
        let storage = try FaultyStorage(root, recording: true)
        storage.fail(at: call, with: .inputOutput)
        try? WriteAheadLog.openBlocking(at: root + "/log", configuration: .small()).closeBlocking()
        storage.heal()
        let log = try WriteAheadLog.openBlocking(at: root + "/log", configuration: .small())
        try log.appendBlocking([1, 2, 3])
        try log.waitUntilDurableBlocking(1)
        // Unsynced data hasn't reached the disk.
        let image = try #require(storage.crashState()).images(of: .page)[0]
        try log.closeBlocking()
        let place = LogImage.directory()
        defer { try? FileManager.default.removeItem(atPath: place) }
        try image.write(to: place)
        let reopened = try WriteAheadLog.openBlocking(at: place + "/log", configuration: .small())
        #expect(try reopened.reader().next()?.payload == [1, 2, 3])
        try reopened.closeBlocking()
    }

    /// The path of a log in the working directory is `.`, and its name is in the directory above. A sync of the log's
    /// own directory in place of that one left the name to the next power loss.
    @Test(arguments: ["/log", "/log/", "/log/.", "/log/./", "/log/folder/.."])
    func theParentHasTheName(_ path: String) throws {
        let root = LogImage.directory()
        try FileManager.default.createDirectory(atPath: root + "/log/folder", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: root) }
        let parent = try Directory(path: root + path).place.parent
        #expect(try Directory(path: parent).place.identity == Directory(path: root).place.identity)
    }
}
