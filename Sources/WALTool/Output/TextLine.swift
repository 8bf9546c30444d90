import WALLogging

/// A line for people that contains texts of programs, databases and users.
enum TextLine {
    /// Returns the fields, separated by tabs. Control characters in the fields are escaped, so that no field can break
    /// the line, add another field or control a terminal.
    static func joined(_ fields: [String]) -> String { fields.map(LineText.escaped).joined(separator: "\t") }
}
