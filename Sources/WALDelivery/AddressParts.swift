/// The parts of an address `user:password@place/path?name=value&…`, before they are decoded.
package struct AddressParts {
    package private(set) var user: Substring?
    package private(set) var password: Substring?
    /// The hosts and their ports.
    package private(set) var place: Substring
    package let path: Substring?
    /// The options. The value is nil for an option without '='.
    package let options: [(Substring, Substring?)]

    /// Divides an address without its scheme and the two slashes after it.
    package init(_ address: Substring) {
        let (head, query) = address.divided(at: "?")
        let (authority, path) = head.divided(at: "/")
        self.path = path
        options = (query ?? "").split(separator: "&").map { $0.divided(at: "=") }
        place = authority
        // The last '@' ends the password, because a password may have an unencoded '@'.
        guard let at = authority.lastIndex(of: "@") else { return }
        let (user, password) = authority[..<at].divided(at: ":")
        self.user = user
        self.password = password
        place = authority[authority.index(after: at)...]
    }
}

extension Substring {
    /// Returns the texts before and after the first such character, or the whole text and nil without one.
    package func divided(at mark: Character) -> (Substring, Substring?) {
        guard let index = firstIndex(of: mark) else { return (self, nil) }
        return (self[..<index], self[self.index(after: index)...])
    }
}
