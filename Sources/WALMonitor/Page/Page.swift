internal import WAL

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// The HTML page, with its style and its script in one file.
enum Page {
    static let bytes = PackageResources.page_html

    static let response = MonitorResponse(
        200, "text/html; charset=utf-8", .bytes(bytes), headers: [("Content-Security-Policy", policy)])

    /// The content security policy. It allows the page's own style and script, by their hashes, and requests to the
    /// page's own server.
    static let policy = [
        "default-src 'none'", "script-src '\(hash(of: "script"))'", "style-src '\(hash(of: "style"))'",
        "connect-src 'self'", "img-src data:", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    ].joined(separator: "; ")

    /// Returns the hash of the text in an element, which the page contains once.
    private static func hash(of element: String) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        let start = text.firstRange(of: "<\(element)>")?.upperBound ?? text.endIndex
        let content = text[start...].prefix(upTo: text[start...].firstRange(of: "</\(element)>")?.lowerBound ?? start)
        let digits = SHA256.hexadecimalDigest(of: Array(content.utf8))
        var digest = Data()
        var rest = digits[...]
        while !rest.isEmpty {
            digest.append(UInt8(rest.prefix(2), radix: 16) ?? 0)
            rest = rest.dropFirst(2)
        }
        return "sha256-\(digest.base64EncodedString())"
    }
}
