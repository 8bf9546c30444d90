internal import WALDelivery

/// An error of a JetStream sink or reader.
public struct JetStreamError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of an error.
    public enum Code: String, Hashable, Sendable, CaseIterable {
        /// No server answers, or no leader of the stream, or the server is too busy. Nothing was stored.
        case away
        /// No answer came, so the outcome is unknown.
        case indeterminate
        /// The server refuses the credentials, or a permission is missing.
        case unauthorized
        /// The stream or the account is full.
        case full
        /// The batch is larger than a message can be.
        case tooLarge
        /// The stream doesn't exist, and the sink doesn't create it.
        case noStream
        /// The stream's configuration could lose records or the position.
        case unsafeStream
        /// The stream belongs to another log, or has messages that no sink wrote.
        case foreignStream
        /// The log was claimed with another number of lanes before.
        case laneCountMismatch
        /// Another owner has claimed the lanes.
        case fenced
        /// The stream lacks records that a replica needs.
        case gap
        /// A message can't be read.
        case damaged
        /// An option can't be used.
        case invalidOption
        /// The sink was closed.
        case closed
        /// The server or the client library reports another error.
        case other
    }

    /// The kind of the error.
    public let code: Code
    /// The error with its place and its remedy, as text.
    public let message: String
    /// The status of the client library. 0 if the error has another source.
    public let status: Int
    /// The error code of JetStream's API. 0 without one.
    public let apiCode: Int
    /// Whether a single record is at fault, because no message can carry it.
    private(set) var blamesRecord = false

    init(_ code: Code, _ message: String, status: Int = 0, apiCode: Int = 0) {
        self.code = code
        self.message = message
        self.status = status
        self.apiCode = apiCode
    }

    /// The message, with the API's code and the client library's status.
    public var description: String {
        let numbers = [apiCode != 0 ? "code \(apiCode)" : nil, status != 0 ? "status \(status)" : nil].compactMap(
            \.self)
        return "WALNATS: \(message)" + (numbers.isEmpty ? "" : " (\(numbers.joined(separator: ", ")))")
    }

    /// This error with the blame on the batch's only record.
    var blamingRecord: JetStreamError {
        var error = self
        error.blamesRecord = true
        return error
    }

    /// The meaning of the error for a batch.
    var failure: SinkFailure {
        switch code {
        // A permission may be granted later, and the limit of a stream raised. The log keeps the records meanwhile.
        case .away, .unauthorized, .full: .transient
        case .indeterminate: .indeterminate
        case .tooLarge: blamesRecord ? .record(code: "max_payload", reason: message) : .overloaded
        case .fenced: .fenced
        case .noStream, .unsafeStream, .foreignStream, .laneCountMismatch, .gap, .damaged, .invalidOption, .closed,
            .other:
            .fatal
        }
    }
}
