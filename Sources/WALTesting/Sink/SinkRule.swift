/// The rules of the `Sink` protocol that the checks verify.
enum SinkRule {
    static let newLanes = "claim starts a new lane at epoch 1 and position zero."
    static let epochs = "claim raises the epoch of each claimed lane by one, and of no other."
    static let positions = "claim returns the durably applied position of each lane, whichever owner applied it."
    static let laneCount = "claim throws and changes nothing if the log had another number of lanes before."
    static let logs = "Positions and epochs are kept for each lane of each log."
    static let report =
        "positions returns the wanted lanes of the log as they are now, without those that were never claimed."
    static let order = "Records of one key reach the destination in the order of the batch and of the batches."
    static let once = "Each record takes effect once."
    static let together = "apply writes the rows and moves the positions in one transaction, or does neither."
    static let replay =
        "apply writes nothing and throws an error classified as fenced if a lane's position differs from the batch's."
    static let epochFence =
        "apply writes nothing and throws an error classified as fenced if a lane's epoch differs from the batch's."
    static let claimFence = "Once claim has returned, no batch of an earlier owner is applied."
    static let emptyBatch = "A batch without records moves its lanes and nothing else."
    static let limits = "A batch of the fixture's largest size is applied like any other."
    static let concurrency = "apply may be called for different lanes at the same time, up to maxConcurrency."
    static let blame = "classify blames a record or another owner only for an error that says so."
    static let claimFailure = "classify returns fatal for errors that need an operator."
    static let transient = "classify returns transient only for errors after which the batch was certainly not applied."
    static let connection = "A broken connection is transient or indeterminate, and the sink reconnects by itself."
    static let closing = "close frees one sink's resources, and other sinks of the destination continue."
    static let poison =
        "A bad record alone is set aside, either by the sink in its transaction or after classify blames it."
    static let delivery = "Every record arrives once through a flusher, in order for its key."
}
