/// The answer of JetStream's API, of which the client library doesn't know everything.
///
/// The texts that are looked for can't be within a JSON string, where quotes have a backslash.
struct APIReply {
    let text: String

    /// The code of the error that the request ended with. Nil without an error.
    var errorCode: UInt32? {
        text.firstRange(of: #""err_code":"#).flatMap { UInt32(text[$0.upperBound...].prefix(while: \.isNumber)) }
    }

    /// What the server says of the error, with its escapes.
    var errorText: Substring? {
        text.firstRange(of: #""description":""#).map { text[$0.upperBound...].prefix { $0 != "\"" } }
    }

    /// Whether an option of the stream is on. Older servers leave out options that they don't know.
    func has(_ option: String) -> Bool { text.contains("\"\(option)\":true") }
}
