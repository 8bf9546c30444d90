/// The amounts of work that are measured.
struct Scale: Codable, Sendable {
    /// Records in batches: half of them save tasks, half log activities.
    var batchedRecords: Int
    /// Records one by one, for each store: about two seconds of it.
    var naiveRecords: Int
    /// Saves of tasks in the workload of bursts.
    var burstRecords: Int
    /// Calls of `save` that are timed in a round, buffered and one by one.
    var bufferedCalls: Int
    var naiveCalls: Int

    static let full = Scale(
        batchedRecords: 100_000, naiveRecords: 8000, burstRecords: 100_000, bufferedCalls: 100_000, naiveCalls: 5000)
    static let quick = Scale(
        batchedRecords: 20_000, naiveRecords: 1000, burstRecords: 20_000, bufferedCalls: 20_000, naiveCalls: 1000)
}
