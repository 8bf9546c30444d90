/// A connection to a database with its prepared statements. Not thread-safe.
package protocol DatabaseSession: SendableMetatype {
    /// The settings of a connection.
    associatedtype Settings: Sendable
    /// The server of these sessions.
    static var server: StoreError.Server { get }

    /// Connects.
    init(_ settings: Settings) throws(StoreError)

    /// The canceler of the running statement. Nil if statements can't be canceled.
    var cancelTarget: (any CancelTarget)? { get }
    /// Whether another call can use the session.
    var isUsable: Bool { get }
    /// Checks whether the connection has ended while idle. Doesn't wait.
    func notice()

    /// Returns whether a session is unusable after this error, even if its connection still exists.
    static func isEnded(by error: StoreError) -> Bool
    /// Returns whether a call that threw this error changed nothing, so that another session can repeat it.
    static func canRepeat(after error: StoreError) -> Bool
    /// Prepares the calling thread, which will make sessions and use them.
    static func enterThread()
    /// Frees the calling thread's resources.
    static func leaveThread()
}

extension DatabaseSession {
    package var cancelTarget: (any CancelTarget)? { nil }
    package var isUsable: Bool { true }
    package func notice() {}
    package static func isEnded(by error: StoreError) -> Bool { false }
    package static func canRepeat(after error: StoreError) -> Bool { false }
    package static func enterThread() {}
    package static func leaveThread() {}
}
