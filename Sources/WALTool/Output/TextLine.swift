import WALLogging

/// A line for people, with texts of programs, databases and users in it.
enum TextLine {
    /// Returns the fields with tabs between them. Their control characters are escaped, so that none can break the line, add a field or
    /// control a terminal.
    static func joined(_ fields: [String]) -> String { fields.map(LineText.escaped).joined(separator: "\t") }
}
