#if NATS
    internal import CWALNATS

    /// A consumer that delivers a stream's messages in order, without acknowledgements. The server removes it after its
    /// last use.
    ///
    /// `@unchecked Sendable`: the pointer never changes, and the library locks the object that it points to.
    @safe
    final class StreamSubscription: @unchecked Sendable {
        private let subscription: OpaquePointer

        @unsafe
        init(_ subscription: OpaquePointer) {
            unsafe self.subscription = unsafe subscription
        }

        deinit {
            unsafe natsSubscription_Destroy(subscription)
        }

        /// Returns the next message, or nil if none comes in this time.
        func next(within time: Duration) throws(JetStreamError) -> StreamMessage? {
            var message: OpaquePointer?
            let status = unsafe natsSubscription_NextMsg(&message, subscription, Int64(time / .milliseconds(1)))
            if status == NATS_TIMEOUT { return nil }
            try StreamConnection.check("The next message can't be read", status)
            defer { unsafe natsMsg_Destroy(message) }
            var metadata: UnsafeMutablePointer<jsMsgMetaData>?
            try StreamConnection.check(
                "The number of a message can't be read", unsafe natsMsg_GetMetaData(&metadata, message))
            defer { unsafe jsMsgMetaData_Destroy(metadata) }
            guard let message = unsafe message, let metadata = unsafe metadata?.pointee else { return nil }
            return unsafe StreamMessage(
                message, number: metadata.Sequence.Stream, following: Int(clamping: metadata.NumPending))
        }
    }
#endif
