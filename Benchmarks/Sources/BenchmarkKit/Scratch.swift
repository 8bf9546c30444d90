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

    /// Removes it, and lets the disk come to rest: what is still to be written would be measured with what comes next.
    func remove() {
        try? FileManager.default.removeItem(atPath: path)
        sync()
    }
}
