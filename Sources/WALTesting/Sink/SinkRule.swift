/// The rules of the `Sink` protocol that checks hold sinks against.
enum SinkRule {
    static let newLanes = "claim: a lane that was never seen starts at epoch 1 and position zero."
    static let epochs = "claim raises the epoch of each claimed lane by one, and of no other."
    static let positions = "claim tells how far each lane was applied, durably, whoever applied it."
    static let laneCount = "claim throws, and changes nothing, if the lanes of the log were counted differently before."
    static let logs = "Positions and epochs are held for each lane of each log."
    static let order = "Records of one key reach the destination in the order of the batch and of the batches."
    static let once = "Each record takes effect once."
    static let together = "apply writes the rows and moves the positions in one transaction, or does neither."
    static let replay =
        "apply writes nothing, and throws what classify calls fenced, where a lane's position is not the batch's."
    static let epochFence =
        "apply writes nothing, and throws what classify calls fenced, where a lane's epoch is not the batch's."
    static let claimFence = "Once claim has returned, no batch of an earlier owner is applied."
    static let emptyBatch = "A batch without records moves its lanes and nothing else."
    static let limits = "A batch of the size that the fixture names is applied as any other."
    static let concurrency = "apply may be called for different lanes at the same time, up to maxConcurrency."
    static let blame = "classify blames a record, or another owner, only for an error that says so."
    static let claimFailure = "classify calls fatal what only a person can put right."
    static let transient = "classify calls transient only errors after which the batch was surely not applied."
    static let connection = "A broken connection is transient or indeterminate; the sink opens another by itself."
    static let closing = "close frees what one sink holds; other sinks over the destination go on."
    static let poison =
        "A record that the sink can't take is set aside, alone: by the sink in its transaction, or blamed by classify."
    static let delivery = "Through a flusher every record arrives once, and in order for its key."
}
