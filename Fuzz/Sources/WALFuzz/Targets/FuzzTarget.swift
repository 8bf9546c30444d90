/// Code that reads bytes of unknown origin. A target returns for any input; preconditions check its other promises.
enum FuzzTarget {
    typealias Run = @Sendable (UnsafeRawBufferPointer) -> Void

    static let all: [String: Run] = [
        "segment": segment, "log": log, "frame": frame, "batch": batch, "cursors": cursors, "footer": footer,
        "recovery": recovery, "task": task, "letter": letter, "lines": lines, "logline": logLine, "flow": flow,
    ]
}
