extension ReadOnlyLog {
    /// The consumers in other processes than the writer, sorted by name. Files that aren't whole are left out.
    ///
    /// - Throws: ``WALError/Code/inputOutput``.
    public var consumers: [ConsumerInfo] {
        get throws(WALError) {
            guard let folder = try ConsumerFolder(of: source.directory) else { return [] }
            var infos: [ConsumerInfo] = []
            for name in try folder.names() {
                guard let state = try folder.content(of: name).state else { continue }
                let savedAt = Timestamp(rawValue: state.savedAt)
                infos.append(
                    ConsumerInfo(
                        name: name, position: SequenceNumber(rawValue: state.position),
                        process: state.process == 0 ? nil : Int(state.process), savedAt: savedAt,
                        expiresAt: Timestamp(rawValue: state.savedAt.addingClamped(Int64(clamping: state.lifetime))),
                        maxPinnedBytes: Int(clamping: state.pinnedBytesMax)))
            }
            return infos
        }
    }

    /// The paths of the folders in which consumers in other processes have set records aside, sorted. A consumer's own file may be gone, or
    /// damaged. Throws ``WALError/Code/inputOutput``.
    package var parkedFolders: [String] {
        get throws(WALError) { try ConsumerFolder(of: source.directory)?.parkedFolders() ?? [] }
    }

    /// Opens the log in a directory for reading, and suspends until there is one.
    ///
    /// Neither the directory nor the log needs to exist: a reader may be started before its writer.
    ///
    /// - Throws: The errors of ``init(at:)``, but ``WALError/Code/notALogDirectory`` only for a file that isn't a
    ///   directory; ``WALError/Code/cancelled``.
    public static func waitForLog(at directory: String) async throws(WALError) -> ReadOnlyLog {
        while true {
            do throws(WALError) {
                return try await Blocking.run { () throws(WALError) in try ReadOnlyLog(at: directory) }
            } catch {
                guard error.code == .notALogDirectory, !error.isNoDirectory else { throw error }
            }
            do {
                try await Task.sleep(for: .milliseconds(50))
            } catch {
                throw WALError(.cancelled, "The task was canceled while it waited for a log in \(directory).")
            }
        }
    }
}
