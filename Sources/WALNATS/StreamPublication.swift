#if NATS
    internal import WAL
    internal import WALDelivery

    /// A message before it is stored.
    struct OutgoingMessage {
        var subject: String
        var headers: [(String, String)]
        var body: ArraySlice<UInt8>
    }

    /// The messages of a batch (FORMAT.md, "JetStream messages"): one with all records, or one for each.
    struct StreamPublication {
        /// The most messages that a server stores as one atomic batch, by the server's default.
        static let messagesMax = 1000

        private let batch: SinkBatch
        /// The encoded batch. Nil if each record is a message.
        private let body: [UInt8]?

        /// Encodes a batch.
        ///
        /// - Parameter sizeMax: The largest body of a message, in bytes.
        /// - Throws: ``JetStreamError`` with the code `tooLarge`. The flusher then sends half of the batch. If no
        ///   message can carry a record, the error blames that record, which becomes a dead letter.
        init(_ batch: SinkBatch, _ configuration: JetStreamSink.Configuration, sizeMax: Int) throws(JetStreamError) {
            self.batch = batch
            guard configuration.granularity == .batch || batch.records.isEmpty else {
                body = nil
                try Self.checkRecords(of: batch, sizeMax)
                return
            }
            let body = StreamBody.encode(batch.records, compressing: configuration.isCompressed)
            self.body = body
            guard body.count > sizeMax else { return }
            let record = batch.records.first { record in
                record.payload.count > sizeMax / 2
                    && StreamBody.encode([record], compressing: configuration.isCompressed).count > sizeMax
            }
            if let record { throw Self.tooLarge(record, sizeMax) }
            throw JetStreamError(
                .tooLarge,
                "A message of \(body.count) bytes with \(batch.records.count) records exceeds the limit of \(sizeMax) bytes."
            )
        }

        private static func checkRecords(of batch: SinkBatch, _ sizeMax: Int) throws(JetStreamError) {
            if let record = batch.records.first(where: { $0.payload.count > sizeMax }) {
                throw tooLarge(record, sizeMax)
            }
            guard batch.records.count <= messagesMax else {
                throw JetStreamError(
                    .tooLarge, "A batch of \(batch.records.count) records exceeds the limit of \(messagesMax) messages."
                )
            }
        }

        private static func tooLarge(_ record: SinkRecord, _ sizeMax: Int) -> JetStreamError {
            JetStreamError(
                .tooLarge,
                "The record \(record.sequence) of \(record.payload.count) bytes doesn't fit into a message of \(sizeMax) bytes."
            ).blamingRecord
        }

        /// Returns the messages that lead from one state to the next.
        func messages(from before: StreamState, to after: StreamState) -> [OutgoingMessage] {
            var previous = batch.lanes.map(\.position).min() ?? .zero
            if let body {
                let headers = after.headers(.batch, of: batch.log, after: previous, to: batch.position)
                return [
                    OutgoingMessage(
                        subject: StreamNames.subject(of: batch.log, .batch), headers: headers, body: body[...])
                ]
            }
            let subject = StreamNames.subject(of: batch.log, .record)
            return batch.records.indices.map { index in
                let record = batch.records[index]
                let isLast = index == batch.records.count - 1
                let last = isLast ? batch.position : record.sequence
                let state = isLast ? after : before.moved(batch.lanes, to: last)
                let headers = state.headers(.record, of: batch.log, after: previous, to: last)
                previous = last
                return OutgoingMessage(
                    subject: subject,
                    headers: headers + [
                        (StreamState.Key.sequence, String(record.sequence.rawValue)),
                        (StreamState.Key.time, String(record.time.rawValue)),
                    ], body: record.payload)
            }
        }
    }
#endif
