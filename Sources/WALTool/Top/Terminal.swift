#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The terminal in full-screen mode. A normal end, a stop by Ctrl-Z, and a crash all restore it.
struct Terminal {
    private static let enter = "\u{1B}[?1049h\u{1B}[?25l"
    fileprivate static let leave = "\u{1B}[?25h\u{1B}[?1049l"

    /// The rows that the screen shows.
    private var shown: [String] = []

    /// Enters full-screen mode. Returns nil if the standard streams aren't a terminal.
    init?() {
        guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1, tcgetattr(STDIN_FILENO, &original) == 0 else {
            return nil
        }
        // The process may crash while the terminal is in this mode. These functions are safe in a signal handler.
        for number in [SIGABRT, SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE] {
            signal(number) { number in
                restore()
                signal(number, SIG_DFL)
                raise(number)
            }
        }
        begin()
    }

    private mutating func begin() {
        var raw = original
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
        tcsetattr(STDIN_FILENO, TCSANOW, &raw)
        shown = []
        put(Self.enter)
    }

    func end() { restore() }

    /// Stops the process as Ctrl-Z does. Draws all rows again when the process continues.
    mutating func suspend() {
        restore()
        raise(SIGSTOP)
        begin()
    }

    /// The width and height in cells.
    var size: (width: Int, height: Int) {
        var window = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &window) == 0, window.ws_col > 0 else { return (80, 24) }
        return (Int(window.ws_col), Int(window.ws_row))
    }

    /// Shows rows. Writes only the rows that have changed, in one write.
    mutating func show(_ rows: [String]) {
        var text = ""
        if rows.count != shown.count {
            text += "\u{1B}[2J"
            shown = []
        }
        for (index, row) in rows.enumerated() where index >= shown.count || shown[index] != row {
            text += "\u{1B}[\(index + 1);1H\(row)\u{1B}[0m\u{1B}[K"
        }
        shown = rows
        // A terminal that supports synchronized output shows the whole frame at once.
        if !text.isEmpty { put("\u{1B}[?2026h\(text)\u{1B}[?2026l") }
    }

    /// Puts a text into the clipboard, if the terminal allows it (OSC 52).
    func copy(_ text: String) {
        put("\u{1B}]52;c;\(Data(text.utf8).base64EncodedString())\u{7}")
    }

    private func put(_ text: String) {
        try? writeAll(text.utf8.span.bytes, to: STDOUT_FILENO)
    }
}

// A signal handler can't capture anything, so this is global. The main thread sets it before there is a handler.
private nonisolated(unsafe) var original = termios()

private let leaving = Array(Terminal.leave.utf8)

private func restore() {
    _ = write(STDOUT_FILENO, leaving, leaving.count)
    tcsetattr(STDIN_FILENO, TCSANOW, &original)
}
