import Foundation

/// The machine of the measurements. Unknown fields are empty.
public struct Machine: Codable, Sendable {
    public let cores: Int
    public let processor: String
    public let memoryBytes: UInt64
    public let kernel: String
    public let fileSystem: String

    /// - Parameter directory: A directory on the file system to describe.
    public init(directory: String) {
        let process = ProcessInfo.processInfo
        cores = process.activeProcessorCount
        memoryBytes = process.physicalMemory
        processor = Self.firstValue(of: "model name", in: "/proc/cpuinfo")
        let release = Self.text("/proc/sys/kernel/osrelease").trimmingCharacters(in: .whitespacesAndNewlines)
        kernel = release.isEmpty ? process.operatingSystemVersionString : "Linux " + release
        fileSystem = Self.fileSystem(of: directory)
    }

    /// A description in one line.
    public var summary: String {
        let memory = Figure.short(Double(memoryBytes) / Double(1 << 30))
        return "\(cores) cores (\(processor)), \(memory) GiB, \(kernel), \(fileSystem)"
    }

    private static func text(_ path: String) -> String {
        (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    }

    private static func firstValue(of key: String, in path: String) -> String {
        let line = text(path).split(separator: "\n").first { $0.hasPrefix(key) }
        let value = line?.split(separator: ":", maxSplits: 1).last
        return value?.trimmingCharacters(in: .whitespaces) ?? ""
    }

    /// The type of the mount whose path is the longest that `directory` begins with.
    private static func fileSystem(of directory: String) -> String {
        let path = URL(fileURLWithPath: directory).resolvingSymlinksInPath().path + "/"
        let mounts = text("/proc/self/mounts").split(separator: "\n").map { $0.split(separator: " ") }
        let candidates = mounts.filter { mount in
            guard mount.count >= 3 else { return false }
            return path.hasPrefix(mount[1] == "/" ? "/" : mount[1] + "/")
        }
        return candidates.max { $0[1].count < $1[1].count }.map { String($0[2]) } ?? ""
    }
}
