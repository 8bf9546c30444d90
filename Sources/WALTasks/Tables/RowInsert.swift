/// An INSERT of one row of parameters in its parts, such as
/// `INSERT INTO orders (id, total) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`.
///
/// The initializer returns nil for all other statements, and for those that could have another effect for many rows
/// than for one row after another. For example, a query in the ON CONFLICT clause sees the table as it was before
/// the statement.
package struct RowInsert {
    /// The form of parameters and quoted names.
    package enum Dialect {
        case postgres, mysql
    }

    /// The text up to and including the names of the table and its columns.
    package let head: Substring
    /// The ON clause, with the alias of a row before it. Empty without one.
    package let tail: Substring

    package init?(_ sql: String, parameterCount: Int, _ dialect: Dialect) {
        var scanner = Scanner(sql, quote: dialect == .postgres ? "\"" : "`")
        guard scanner.take(word: "INSERT"), scanner.take(word: "INTO"), scanner.takeName() else { return nil }
        if scanner.take("."), !scanner.takeName() { return nil }
        if scanner.take(word: "AS"), !scanner.takeName() { return nil }
        if scanner.take("(") {
            repeat { guard scanner.takeName() else { return nil } } while scanner.take(",")
            guard scanner.take(")") else { return nil }
        }
        head = sql[..<scanner.rest.startIndex]
        guard scanner.take(word: "VALUES"), scanner.take("(") else { return nil }
        for number in 1...max(1, parameterCount) {
            guard number == 1 || scanner.take(",") else { return nil }
            switch dialect {
            case .postgres: guard scanner.take("$"), scanner.takeDigits() == "\(number)" else { return nil }
            case .mysql: guard scanner.take("?") else { return nil }
            }
        }
        guard scanner.take(")") else { return nil }
        let isAlone = !scanner.take(";")
        tail = scanner.trimmedRest
        if tail.isEmpty { return }
        let words = tail.uppercased()
        guard isAlone, words.hasPrefix("ON ") || (dialect == .mysql && words.hasPrefix("AS ")),
            ![dialect == .mysql ? "?" : "$", ";", "SELECT", "RETURNING"].contains(where: words.contains)
        else { return nil }
    }
}

/// A scanner that takes the words and signs of a statement one after another, each with the space before it.
private struct Scanner {
    private(set) var rest: Substring
    private let quote: Character

    init(_ text: String, quote: Character) {
        rest = text[...]
        self.quote = quote
    }

    var trimmedRest: Substring {
        var rest = rest.drop(while: \.isWhitespace)
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return rest
    }

    mutating func take(_ sign: Character) -> Bool {
        let found = rest.drop(while: \.isWhitespace)
        guard found.first == sign else { return false }
        rest = found.dropFirst()
        return true
    }

    mutating func take(word: String) -> Bool {
        let found = rest.drop(while: \.isWhitespace)
        let taken = found.prefix(while: Self.isOfName)
        guard taken.uppercased() == word else { return false }
        rest = found[taken.endIndex...]
        return true
    }

    /// Takes a name, with or without quotation marks.
    mutating func takeName() -> Bool {
        let found = rest.drop(while: \.isWhitespace)
        if found.first == quote {
            guard let end = found.dropFirst().firstIndex(of: quote) else { return false }
            rest = found[found.index(after: end)...]
            // Two marks would stand for one in the name. Such names aren't accepted.
            return rest.first != quote
        }
        let taken = found.prefix(while: Self.isOfName)
        rest = found[taken.endIndex...]
        return taken.first.map { $0.isLetter || $0 == "_" } ?? false
    }

    mutating func takeDigits() -> Substring {
        let taken = rest.prefix { $0.isASCII && $0.isNumber }
        rest = rest[taken.endIndex...]
        return taken
    }

    private static func isOfName(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "_"
    }
}
