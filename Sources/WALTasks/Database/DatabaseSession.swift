/// What can be done on a connection to a database: its prepared statements. Not thread-safe.
package protocol DatabaseSession: SendableMetatype {
    /// What a connection is made with.
    associatedtype Settings: Sendable
    /// Which server's sessions these are.
    static var server: StoreError.Server { get }

    /// Connects.
    init(_ settings: Settings) throws(StoreError)

    /// What cancels the statement that runs; nil where nothing does.
    var cancelTarget: (any CancelTarget)? { get }
    /// Whether another call can use it.
    var isUsable: Bool { get }
    /// Looks whether the connection has ended while nothing was asked of it. Doesn't wait.
    func notice()

    /// Whether a session is of no use after this error, even if its connection is still there.
    static func isEnded(by error: StoreError) -> Bool
    /// Whether a call that threw this changed nothing, so that another session can do it.
    static func canRepeat(after error: StoreError) -> Bool
    /// Prepares the calling thread, which will make sessions and use them.
    static func enterThread()
    /// Frees what the calling thread had.
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
