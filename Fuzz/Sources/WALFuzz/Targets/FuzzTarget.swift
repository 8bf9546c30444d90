/// What reads bytes that others may have chosen. A target returns, whatever it gets; what must hold besides is a precondition.
enum FuzzTarget {
    typealias Run = @Sendable (UnsafeRawBufferPointer) -> Void

    static let all: [String: Run] = [
        "segment": segment, "log": log, "frame": frame, "batch": batch, "cursors": cursors, "footer": footer,
        "recovery": recovery, "task": task, "letter": letter, "lines": lines,
    ]
}
