#if NATS
    internal import WAL

    /// The checks whether a stream can keep a log's records and its position.
    struct StreamChecks {
        let configuration: JetStreamSink.Configuration
        let log: LogID

        init(_ configuration: JetStreamSink.Configuration, log: LogID) {
            self.configuration = configuration
            self.log = log
        }

        /// Returns the log's stream, after a check of its properties.
        ///
        /// Creates a stream that doesn't exist, if the configuration allows that. If `isKnown` is true, throws instead:
        /// the sink has used the stream, and the position of a new stream would be zero.
        func stream(of connection: StreamConnection, isKnown: Bool) throws(JetStreamError) -> StreamInfo {
            let name = StreamNames.stream(of: log, configuration)
            if let info = try connection.info(of: name) {
                try check(info, on: connection)
                return info
            }
            guard !isKnown else {
                throw JetStreamError(
                    .noStream,
                    "The stream \(name) was deleted, and with it the position. Name another stream, and fill it again.")
            }
            guard configuration.createsStream else {
                throw JetStreamError(.noStream, "There is no stream \(name). Create it, or set createsStream.")
            }
            try connection.create(
                name, subjects: StreamNames.subjects(of: log), replicas: configuration.replicas,
                maxBytes: configuration.maxStreamBytes, isRolling: configuration.isRolling,
                allowsAtomicBatches: configuration.granularity == .record)
            guard let info = try connection.info(of: name) else {
                throw JetStreamError(.away, "The stream \(name) was created and isn't there yet.")
            }
            try check(info, on: connection)
            return info
        }

        private func check(_ info: StreamInfo, on connection: StreamConnection) throws(JetStreamError) {
            let wanted = [StreamNames.subjects(of: log)]
            let reasons: [(Bool, String)] = [
                (!info.isKeptByLimits, "its retention isn't `limits`, so consumers could remove records"),
                (info.hasMaxAge, "it has a max_age, so an idle log would lose its position"),
                (
                    info.replicas < configuration.replicas,
                    "it has \(info.replicas) replicas, and \(configuration.replicas) are asked for"
                ),
                (
                    info.hasSubjectLimit && !configuration.isRolling,
                    "it has max_msgs_per_subject and removes old messages there; remove the limit, or set isRolling"
                ),
                (!info.acknowledges, "it has no_ack, so no batch would ever be acknowledged"),
                (info.isMirror, "it is a mirror or has sources"),
                (info.isSealed, "it is sealed"),
                (info.isInMemory, "its messages are in memory"),
                (info.subjects != wanted, "its subjects are \(info.subjects), not \(wanted)"),
                (
                    info.discardsOld && info.hasLimit && !configuration.isRolling,
                    "it has a limit and removes old messages there; set `discard: new`, or isRolling"
                ),
            ]
            for (isWrong, reason) in reasons where isWrong {
                throw JetStreamError(.unsafeStream, "The stream \(info.name) can't keep a log: \(reason).")
            }
            if configuration.granularity == .record, !(try connection.allowsAtomicBatches(info.name)) {
                throw JetStreamError(
                    .unsafeStream,
                    "The stream \(info.name) has no allow_atomic, so it can't store the records of a batch together: use nats-server 2.12 or later and set it, or the granularity `batch`."
                )
            }
            guard !info.isPurged else {
                throw JetStreamError(
                    .foreignStream,
                    "The stream \(info.name) was purged, and with it the position. Name another stream, and fill it again."
                )
            }
        }
    }
#endif
