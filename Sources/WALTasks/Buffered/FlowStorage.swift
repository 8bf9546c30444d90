package import WAL

/// The interface of a buffered storage for durable DAGs, without the type of its store.
package protocol FlowStorage: Sendable {
    var writeAheadLog: WriteAheadLog { get }

    /// The size of a segment in bytes.
    var segmentSize: Int { get }
    /// The number of bytes that the log may take up on the disk. Nil for no limit.
    var diskBudget: Int? { get }
    /// Whether each change is durable when its call returns.
    var isDurableAtOnce: Bool { get }

    /// The runner of the storage, if it has one.
    var attachment: Monitor<(any AnyObject & Sendable)?> { get }

    /// Appends records of a DAG, and then changes, as one batch of the log.
    ///
    /// - Parameters:
    ///   - records: The encoded records.
    ///   - mutations: The changes, all valid, and all of one task.
    /// - Returns: The sequence number of the last record or change. Nil if no segment is ready; then nothing was appended, and
    ///   ``waitForSpace()`` waits for one.
    func tryAppend(
        _ records: consuming RecordBatch, _ mutations: [TaskMutation]
    ) throws(TaskStorageError) -> SequenceNumber?

    /// Suspends until ``tryAppend(_:_:)`` can succeed, and hurries delivery, which alone makes space in a full log.
    func waitForSpace() async throws(TaskStorageError)

    /// Suspends until a record survives a power loss.
    func waitUntilDurable(through sequence: SequenceNumber) async throws(TaskStorageError)

    /// Suspends until the tasks and activities of the last process can be read, here or in the store.
    ///
    /// - Throws: `storeAway` if the store doesn't have them in time.
    func waitForEarlierChanges() async throws(TaskStorageError)

    func task(id: String) async throws -> PersistentTask?
    func activities(taskID: String, limit: Int, offset: Int) async throws -> [TaskActivityLog]
}

extension BufferedTaskStorage: FlowStorage {
    package var segmentSize: Int { configuration.segmentSize }
    package var diskBudget: Int? { configuration.diskBudget }

    package func tryAppend(
        _ records: consuming RecordBatch, _ mutations: [TaskMutation]
    ) throws(TaskStorageError) -> SequenceNumber? {
        try life.checkOpen()
        var batch = records
        for mutation in mutations { batch.append(mutation) }
        do throws(WALError) {
            let added = try overlay.add(mutations, endOf: batch) { () throws(WALError) in
                try writeAheadLog.tryAppend(batch)
            }
            if added != nil { noteBuffered(batch.count) }
            return added
        } catch {
            throw TaskStorageError(log: error)
        }
    }

    package func waitForSpace() async throws(TaskStorageError) {
        hurry()
        do throws(WALError) {
            try await writeAheadLog.waitForSegment()
        } catch {
            throw TaskStorageError(log: error)
        }
    }

    package func waitUntilDurable(through sequence: SequenceNumber) async throws(TaskStorageError) {
        try await waitUntilDurable(TaskReceipt(sequence: sequence))
    }

    package func waitForEarlierChanges() async throws(TaskStorageError) {
        guard !configuration.recoveryEnabled, overlay.lacksUnwanted else { return }
        hurry()
        let deadline = ContinuousClock.now + configuration.recoveryTimeout
        while overlay.lacksUnwanted {
            guard ContinuousClock.now < deadline, !Task.isCancelled, !life.isRefusing else {
                throw TaskStorageError(
                    .storeAway,
                    "\(store.name) doesn't have all changes of the last process yet: try again when it has them, or leave `recoveryEnabled` on.",
                    isRetriable: true)
            }
            try? await Task.sleep(for: .milliseconds(1))
        }
    }
}
