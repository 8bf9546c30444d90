import Foundation

/// An empty directory for one measurement.
struct Scratch {
    let path: String

    init(in parent: String) throws {
        path = parent + "/" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    /// Removes it, and lets the disk come to rest: what is still to be written would be measured with what comes next.
    func remove() {
        try? FileManager.default.removeItem(atPath: path)
        sync()
    }
}
