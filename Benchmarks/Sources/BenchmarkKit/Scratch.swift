import CLimits
import Foundation

/// An empty directory for one measurement.
struct Scratch {
    let path: String

    /// - Parameter memory: About how much of it the measurement uses, page cache included.
    init(in parent: String, memory: Int) throws {
        path = parent + "/" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        climits_warm_memory(min(memory, Int(clamping: ProcessInfo.processInfo.physicalMemory) / 4))
    }

    /// Removes the directory, and syncs all file systems. Pending writes would slow the next measurement.
    func remove() {
        try? FileManager.default.removeItem(atPath: path)
        sync()
    }
}
