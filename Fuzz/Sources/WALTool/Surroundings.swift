#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

// The parts of the tool that the reader of lines uses, and that need no fuzzing.

enum ExitStatus {
    case fine, badInput, inputOutput
}

func systemMessage() -> String { String(cString: strerror(errno)) }
