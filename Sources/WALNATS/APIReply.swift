/// An answer of JetStream's API as text, because the client library doesn't know all of its fields.
///
/// The searched texts can't be within a JSON string, where quotation marks have a backslash.
struct APIReply {
    let text: String

    /// The code of the error with which the request ended. Nil without an error.
    var errorCode: UInt32? {
        text.firstRange(of: #""err_code":"#).flatMap { UInt32(text[$0.upperBound...].prefix(while: \.isNumber)) }
    }

    /// The server's description of the error, with its JSON escapes. Nil without one.
    var errorText: Substring? {
        text.firstRange(of: #""description":""#).map { text[$0.upperBound...].prefix { $0 != "\"" } }
    }

    /// Returns whether an option of the stream is on. Older servers leave out options that they don't know.
    func has(_ option: String) -> Bool { text.contains("\"\(option)\":true") }
}
