import Testing
import WALTesting

/// Use, crashes, reopenings and deliveries in random orders that no test of a single operation has.
@Suite(.serialized) struct SimulationTests {
    @Test(.timeLimit(.minutes(24 * 60))) func randomSchedules() {
        Torture.run("simulation", filter: "SimulationTests.randomSchedules", count: 25, long: 200, longThreads: 6) {
            seed in
            try Self.run(seed, faults: false)
        }
    }

    @Test(.timeLimit(.minutes(24 * 60))) func randomSchedulesWithErrors() {
        Torture.run("simulation with errors", filter: "SimulationTests.randomSchedulesWithErrors", count: 20, long: 100)
        { seed in
            try Self.run(seed, faults: true)
        }
    }

    private static func run(
        _ seed: UInt64, faults: Bool
    ) throws -> (violations: [LogHistory.Violation], count: Int) {
        let simulation = try Simulation(seed: seed, faults: faults)
        for _ in 0..<3 {
            for _ in 0..<12 { try simulation.step() }
            if simulation.chance(50) { simulation.flush(mayFail: faults) }
            try simulation.crash()
        }
        try simulation.finish()
        return (simulation.violations, 1)
    }
}
