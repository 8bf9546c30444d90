#if os(Linux)
    import Foundation
    import Testing

    /// The doctor reports which failures durable records survive, according to the log's file system.
    @Suite(.enabled(if: geteuid() == 0, "mounts need root")) struct DoctorStorageTests {
        /// The verdict and the sentence about the storage of a log on a file system that the command mounts on `$M`.
        ///
        /// - Parameter mountinfo: A command that prints the doctor's table of mounts, instead of the kernel's.
        private func storage(_ mount: String, mountinfo: String = "cat /proc/self/mountinfo") throws -> (
            verdict: String, text: String
        ) {
            let script = """
                set -e
                M=$1/mount; mkdir "$M"
                { \(mount); } >&2
                echo one | "$0" append "$M/log" >&2
                { \(mountinfo); } >"$1/mountinfo"
                # The doctor has the number of the process that mounts it.
                sh -c 'mount --bind "$2" /proc/$$/mountinfo && exec "$0" doctor "$1" --json' "$0" "$M/log" "$1/mountinfo" || :
                """
            let items = try ToolRun.doctorItems(of: script)
            let item = try #require(items.first { $0["name"] as? String == "storage" })
            return (try #require(item["verdict"] as? String), try #require(item["text"] as? String))
        }

        @Test(arguments: ["ext4", "xfs"]) func aDiskSurvivesALossOfPower(_ kind: String) throws {
            guard FileManager.default.isExecutableFile(atPath: "/usr/sbin/mkfs.\(kind)") else { return }
            let found = try storage(
                "truncate -s 320M \"$1/image\"; mkfs.\(kind) -q \"$1/image\"; mount -o loop \"$1/image\" \"$M\"")
            #expect(
                found.verdict == "OK" && found.text.lowercased().hasPrefix("power loss: \(kind) on /dev/loop"),
                "\(found)")
        }

        /// No NFS is mounted here: the table of mounts lists one.
        @Test(arguments: [
            ("nfs4", "unknown: nfs4 on server:/logs"), ("cifs", "unknown: cifs on server:/logs"),
            ("fuse.sshfs", "unknown: FUSE (fuse.sshfs) on server:/logs"), ("9p", "unknown: 9p on server:/logs"),
            ("virtiofs", "unknown: virtiofs on server:/logs"), ("overlay", "until the container is removed: overlay"),
        ])
        func anotherMachinesFileSystemIsNamed(_ type: String, _ text: String) throws {
            let found = try storage(
                "mount -t tmpfs tmpfs \"$M\"",
                mountinfo: "sed \"s|\\( $M .*\\) - tmpfs tmpfs |\\1 - \(type) server:/logs |\" /proc/self/mountinfo")
            #expect(found.verdict == "WARNING" && found.text.hasPrefix(text), "\(found)")
        }

        @Test func memoryAndContainersAreWarnings() throws {
            let memory = try storage("mount -t tmpfs tmpfs \"$M\"")
            #expect(memory.verdict == "WARNING" && memory.text.hasPrefix("process crash only: tmpfs"), "\(memory)")
            let container = try storage(
                """
                mount -t tmpfs tmpfs "$M"; mkdir "$M/low" "$M/up" "$M/work" "$1/over"
                mount -t overlay overlay -o lowerdir="$M/low",upperdir="$M/up",workdir="$M/work" "$1/over"; M=$1/over
                """)
            #expect(container.verdict == "WARNING" && container.text.contains("overlay"), "\(container)")
        }
    }
#endif
