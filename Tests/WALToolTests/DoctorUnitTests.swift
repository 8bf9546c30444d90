#if os(Linux)
    import Foundation
    import Testing

    @testable import WALTool

    /// What a systemd unit leaves to a writer, as the doctor sees it.
    @Suite struct DoctorUnitTests {
        /// The doctor's item about the unit of a writer that runs in the process of `start`. The shell's `$1` is a directory.
        private func unit(_ start: String) throws -> [String: Any] {
            // No systemd runs here, so a file takes the place of the process's control groups.
            let script = """
                set -e
                mkfifo "$1/lines"
                \(start) "$0" append "$1/log" <"$1/lines" >&2 & writer=$!
                exec 3>"$1/lines"
                until "$0" metrics "$1/log" 2>/dev/null | grep -q '^wal_up.* 1$'; do kill -0 $writer; sleep 0.05; done
                echo 0::/system.slice/orders.service >"$1/cgroup"
                mount --bind "$1/cgroup" /proc/$writer/cgroup
                "$0" doctor "$1/log" --json || :
                exec 3>&-
                wait $writer
                """
            let items = try ToolRun.doctorItems(of: script)
            return try #require(items.first { $0["name"] as? String == "unit" })
        }

        @Test(.enabled(if: geteuid() == 0, "mounts need root")) func aUnitWithoutHardeningIsAWarning() throws {
            let item = try unit("")
            #expect(item["verdict"] as? String == "WARNING")
            #expect(item["text"] as? String == "orders.service leaves its processes more rights than a log needs")
            let next = try #require(item["next"] as? String)
            #expect(
                next.hasPrefix(
                    "add to the unit: NoNewPrivileges=yes CapabilityBoundingSet= SystemCallFilter=@system-service ProtectSystem=strict; "
                ), "\(next)")
        }

        @Test(.enabled(if: geteuid() == 0, "mounts need root")) func rightsThatTheUnitTakesAreNotNamed() throws {
            let item = try unit(
                """
                unshare --mount sh -c 'mount --bind "$1" "$1"; mount -o remount,ro,bind /; cd /; \
                exec setpriv --no-new-privs --bounding-set=-all "$2" "$3" "$4"' sh "$1"
                """)
            let next = try #require(item["next"] as? String)
            #expect(next.hasPrefix("add to the unit: SystemCallFilter=@system-service; "), "\(next)")
        }

        @Test func aHardenedUnitIsFine() throws {
            let status = "Name:\twal\nCapBnd:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n"
            let mounts = """
                22 1 8:1 / / ro,relatime - ext4 /dev/sda1 rw
                30 22 8:1 /v /var/lib/orders rw - ext4 /dev/sda1 rw
                """
            let unit = try #require(
                ServiceUnit(cgroup: "0::/system.slice/orders.service\n", status: status, mounts: mounts))
            #expect(unit.name == "orders.service" && unit.missing.isEmpty)
            // A terminal of a user, and a container: the service above isn't the process's own.
            for group in [
                "/user.slice/session.scope", "/user.slice/user@1000.service/app.slice/vte-spawn-1.scope",
                "/system.slice/containerd.service/kubepods/pod1",
            ] {
                #expect(ServiceUnit(cgroup: "0::\(group)\n", status: status, mounts: mounts) == nil, "\(group)")
            }
        }
    }
#endif
