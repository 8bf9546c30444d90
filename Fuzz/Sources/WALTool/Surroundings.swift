#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

// What the reader of lines uses of the rest of the tool, which needs no fuzzing.

enum ExitStatus {
    case fine, badInput, inputOutput
}

func systemMessage() -> String { String(cString: strerror(errno)) }
