import BenchmarkReport

/// The time that passes, and the CPU time that is used meanwhile.
struct Meter {
    private let server: Int32?
    private let serverBefore: Double?
    private let ownBefore: Double
    private let started: ContinuousClock.Instant

    init(server: Int32?) {
        self.server = server
        serverBefore = server.flatMap { ProcessTime.seconds(ofFamily: $0) }
        ownBefore = ProcessTime.ownSeconds()
        started = .now
    }

    func stop(_ sample: inout Sample) {
        sample.seconds = started.duration(to: .now) / .seconds(1)
        sample.clientSeconds = ProcessTime.ownSeconds() - ownBefore
        guard let server, let serverBefore else { return }
        sample.serverSeconds = ProcessTime.seconds(ofFamily: server).map { $0 - serverBefore }
    }
}
