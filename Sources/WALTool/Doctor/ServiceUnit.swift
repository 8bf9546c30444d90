/// The systemd unit of a process, and the settings that would limit an attacker who has taken over the process.
struct ServiceUnit {
    let name: String
    /// The settings that the unit lacks. Each would remove a right that the process has.
    let missing: [String]

    /// Finds the unit in the texts of `/proc/PID/cgroup`, `status` and `mountinfo`. Returns nil if the process isn't a
    /// systemd service.
    init?(cgroup: String, status: String, mounts: String) {
        let paths = cgroup.split(separator: "\n").compactMap { $0.split(separator: ":", maxSplits: 2).last }
        // Only the last part of a path counts. A service above it is that of a container, or of the manager of a user's
        // session.
        let names = paths.compactMap { $0.split(separator: "/").last }
        guard let name = names.first(where: { $0.hasSuffix(".service") }) else { return nil }
        self.name = String(name)

        func value(_ key: String) -> Substring? {
            let line = status.split(separator: "\n").first { $0.hasPrefix(key + ":") }
            return line?.split(whereSeparator: \.isWhitespace).dropFirst().first
        }
        let root = mounts.split(separator: "\n").map { $0.split(separator: " ") }.last { $0.count > 5 && $0[4] == "/" }
        let isReadOnly = root?[5].split(separator: ",").contains("ro") == true
        var missing: [String] = []
        if value("NoNewPrivs") == "0" { missing.append("NoNewPrivileges=yes") }
        if let rights = value("CapBnd").flatMap({ UInt64($0, radix: 16) }), rights != 0 {
            missing.append("CapabilityBoundingSet=")
        }
        if value("Seccomp") == "0" { missing.append("SystemCallFilter=@system-service") }
        if !isReadOnly { missing.append("ProtectSystem=strict") }
        self.missing = missing
    }
}
