import ArgumentParser

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension StoreArgument {
    /// Completes the forms of a store, and files after `sqlite:`. In bash, files aren't completed, because it splits
    /// words at colons.
    static var defaultCompletionKind: CompletionKind {
        .custom { _, _, prefix in
            let scheme = "sqlite:"
            let words =
                prefix.hasPrefix(scheme)
                ? files(String(prefix.dropFirst(scheme.count))).map { scheme + $0 }
                : [scheme, "postgres:", "mysql://", "memory:"].filter { $0.hasPrefix(prefix) }
            // zsh takes the text after a colon for a description.
            return CompletionShell.requesting == .zsh ? words.map { $0.replacing(":", with: "\\:") } : words
        }
    }

    /// Returns the paths that begin with `prefix`. The path of a directory ends with a slash.
    private static func files(_ prefix: String) -> [String] {
        var found = glob_t()
        defer { globfree(&found) }
        guard glob(prefix + "*", GLOB_MARK, nil, &found) == 0 else { return [] }
        return (0..<Int(found.gl_pathc)).compactMap { found.gl_pathv[$0].map { String(cString: $0) } }
    }
}
