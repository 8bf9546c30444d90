#if SQLite && Monitor
    import Foundation
    import Testing

    /// The files of Packaging, checked by dpkg, systemd and the shells.
    @Suite struct PackagingTests {
        private static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        private static let packaging = repository.appendingPathComponent("Packaging")

        /// Runs a program, and returns its exit status and its complete output.
        private func run(_ arguments: [String], environment: [String: String] = [:]) throws -> (
            status: Int32, output: String
        ) {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = arguments
            process.currentDirectoryURL = Self.repository
            process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
            let pipe = Pipe()
            process.standardOutput = pipe
            process.standardError = pipe
            try process.run()
            let printed = try pipe.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            return (process.terminationStatus, String(decoding: printed, as: UTF8.self))
        }

        /// Whether a program is installed. Without it, a test is skipped, or fails with `REQUIRE_SERVERS=1`.
        private static func has(_ program: String) -> Bool {
            FileManager.default.isExecutableFile(atPath: "/usr/bin/\(program)")
                || ProcessInfo.processInfo.environment["REQUIRE_SERVERS"] == "1"
        }

        @Test func pagesAndCompletionsAreThoseOfTheTool() throws {
            let result = try run(["Scripts/generate-manual", "--check", "--wal", ToolRun.tool.path])
            #expect(result.status == 0, "\(result.output)")
        }

        @Test(.enabled(if: has("fish") && has("zsh"), "needs fish and zsh")) func shellsComplete() throws {
            let completions = Self.packaging.appendingPathComponent("completions").path
            func fish(_ line: String) throws -> [String] {
                let script = "source \(completions)/wal.fish; complete -C'\(line)'"
                return try run(["fish", "--no-config", "-c", script]).output.split(separator: "\n").map {
                    String($0.prefix { $0 != "\t" })
                }
            }
            #expect(try fish("wal in") == ["ingest", "inspect"])
            #expect(try fish("wal inspect Pack") == ["Packaging/"])
            #expect(try fish("wal inspect Package.sw").isEmpty, "a file is no log")
            #expect(try fish("wal doctor --bundle Package.sw") == ["Package.swift"])
            let bash = try run([
                "bash", "-c",
                """
                source \(completions)/wal
                COMP_WORDS=(wal serve . --pay) COMP_CWORD=3 COMP_LINE="wal serve . --pay" COMP_POINT=17
                _wal wal --pay . && echo "${COMPREPLY[@]}"
                """,
            ])
            #expect(bash.output == "--payloads\n")
            #expect(try run(["zsh", "-n", "\(completions)/_wal"]).status == 0)
            // The shells ask the tool itself for the names of stores.
            let scratch = try Scratch()
            _ = try scratch.file("a.db", lines: [])
            let words = ["wal", "serve", ".", "--store", "sqlite:\(scratch.path("a"))"]
            let index = ["4", "\(words[4].utf8.count)"]
            let stores = try ToolRun(["---completion", "serve", "--", "--store"] + index + words)
            #expect(stores.output.split(separator: "\n").first.map(String.init) == "sqlite:\(scratch.path("a.db"))")
        }

        @Test(.enabled(if: has("lintian"), "needs dpkg-dev and lintian"))
        func thePackageIsClean() throws {
            let scratch = try Scratch()
            let place = scratch.path("deb")
            // Replaces the tool, whose release build takes minutes, and doesn't compress.
            let made = try run(
                ["Scripts/package-deb", "--binary", "/usr/bin/true", "--into", place],
                environment: ["DPKG_DEB_COMPRESSOR_LEVEL": "0"])
            try #require(made.status == 0, "\(made.output)")
            let package = try #require(made.output.split(separator: "\n").last.map(String.init))
            let lint = try run(["lintian", "--allow-root", "--fail-on", "error,warning", package])
            #expect(lint.status == 0 && lint.output.isEmpty, "\(lint.output)")
            let listing = try run(["dpkg-deb", "--contents", package]).output
            for file in [
                "usr/bin/wal", "lib/systemd/system/wal-serve@.service", "usr/share/man/man1/wal-ingest.1.gz",
                "usr/share/doc/wal/alerts.yml", "usr/share/fish/vendor_completions.d/wal.fish",
            ] {
                #expect(listing.contains(" ./\(file)\n"), "\(file)")
            }
            try expectWhole(sbom: try run(["Scripts/sbom", package]).output)
        }

        @Test(.enabled(if: has("systemd-analyze"), "needs systemd")) func unitsAreValidAndHardened() throws {
            let scratch = try Scratch()
            let folder = Self.packaging.appendingPathComponent("systemd")
            let units = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(units.count == 6)
            // systemd-analyze checks that the program exists.
            for unit in units {
                let text = try String(contentsOf: folder.appendingPathComponent(unit), encoding: .utf8)
                _ = try scratch.file(unit, lines: [text.replacing("/usr/bin/wal", with: ToolRun.tool.path)])
            }
            let instances = units.map { $0.replacing("@", with: "@root") }
            let verified = try run(
                ["systemd-analyze", "verify", "--man=no"] + instances,
                environment: ["SYSTEMD_UNIT_PATH": "\(scratch.directory.path):"])
            #expect(verified.status == 0 && verified.output.isEmpty, "\(verified.output)")
            for unit in units where unit.hasSuffix(".service") {
                let file = folder.appendingPathComponent(unit).path
                // In tenths: below 2.0.
                let rated = try run([
                    "systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=19", file,
                ])
                #expect(rated.status == 0, "\(rated.output)")
            }
        }

        private struct Document: Decodable {
            struct Package: Decodable { var SPDXID: String, name: String }
            struct Relationship: Decodable { var spdxElementId: String, relatedSpdxElement: String }
            var packages: [Package]
            var relationships: [Relationship]
        }

        private func expectWhole(sbom: String) throws {
            let document = try JSONDecoder().decode(Document.self, from: Data(sbom.utf8))
            let known = Set(document.packages.map(\.SPDXID)).union(["SPDXRef-DOCUMENT"])
            #expect(known.count == document.packages.count + 1)
            for relationship in document.relationships {
                #expect(known.isSuperset(of: [relationship.spdxElementId, relationship.relatedSpdxElement]))
            }
            #expect(Set(document.packages.map(\.name)).isSuperset(of: ["wal", "swift-log", "hummingbird", "libc6"]))
        }

        @Test(.enabled(if: has("ruby"), "needs ruby")) func theFormulaIsRuby() throws {
            let result = try run(["ruby", "-c", Self.packaging.appendingPathComponent("wal.rb").path])
            #expect(result.output == "Syntax OK\n")
        }

        /// A tag of an action can be moved to other code, but a digest can't.
        @Test func workflowsNameActionsByDigest() throws {
            let folder = Self.repository.appendingPathComponent(".github/workflows")
            for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
                let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
                let uses = text.split(separator: "\n").filter { $0.contains("uses: ") }
                #expect(!uses.isEmpty)
                for line in uses { #expect(line.contains(#/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/#), "\(name): \(line)") }
            }
        }
    }
#endif
