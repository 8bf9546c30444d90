import Testing
import WALTasks

/// Options of the replaced system keep their defaults, because its users rely on them.
@Suite struct ConfigurationTests {
    @Test func theElevenKnobsHaveTheirDefaults() {
        let configuration = TaskBufferConfiguration()
        #expect(configuration.maxBufferSize == 1000)
        #expect(configuration.flushInterval == .seconds(5))
        #expect(configuration.maxFlushRetries == 3)
        #expect(configuration.targetSegmentRecords == 5000)
        #expect(configuration.segmentRetention == .seconds(24 * 3600))
        #expect(configuration.workerCount == 2)
        #expect(configuration.batchSize == 100)
        #expect(configuration.recoveryEnabled)
        #expect(configuration.recoveryTimeout == .seconds(30))
        #expect(configuration.metricsEnabled)
        #expect(configuration.metricsInterval == .seconds(10))
    }
}
