#if NATS
    internal import Metrics
    internal import WAL

    /// The metrics objects of a follower, made once. All have the dimension `log`, which names the replica.
    struct FollowerMetrics: Sendable {
        private let records, messages, known, olderEpochs, gaps, renewals: Counter
        private let lagMessages, connected: Gauge

        init(factory: any MetricsFactory, replica: String) {
            let dimensions = [("log", WALMetric.logName(replica))]
            func counter(_ metric: WALMetric, _ more: (String, String)...) -> Counter {
                Counter(label: metric.rawValue, dimensions: dimensions + more, factory: factory)
            }
            func gauge(_ metric: WALMetric) -> Gauge {
                Gauge(label: metric.rawValue, dimensions: dimensions, factory: factory)
            }
            records = counter(.followerRecords)
            messages = counter(.followerMessages)
            known = counter(.followerSkippedMessages, ("reason", "known"))
            olderEpochs = counter(.followerSkippedMessages, ("reason", "older_epoch"))
            gaps = counter(.followerGaps)
            renewals = counter(.followerRenewals)
            lagMessages = gauge(.followerLagMessages)
            connected = gauge(.followerConnected)
        }

        /// Adds the counts since the last call.
        func count(_ read: StreamFollower.Statistics) {
            records.increment(by: read.records)
            messages.increment(by: read.messages)
            known.increment(by: read.known)
            olderEpochs.increment(by: read.olderEpochs)
            gaps.increment(by: read.gaps)
            renewals.increment(by: read.renewals)
        }

        func report(lag: Int) { lagMessages.record(lag) }

        func report(isConnected: Bool) { connected.record(isConnected ? 1 : 0) }
    }
#endif
