import ArgumentParser
import BenchmarkReport
import Foundation

@main
struct SinksSuite: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sinks",
        abstract: "Tasks through the log into databases, in batches, beside one prepared statement a row.",
        discussion: "Run by Benchmarks/run, which starts the servers.")

    @Flag(help: "A fifth of the records and one round: to see that it works.") var quick = false
    @Option(help: "How often everything is measured.") var rounds: Int?
    @Option(help: "Where the results go.") var out: String
    @Option(help: "A directory for logs and databases, removed by the caller.") var scratch: String
    @Flag(help: "Measure SQLite.") var sqlite = false
    @Option(help: "How to reach PostgreSQL, for libpq.") var postgres: String?
    @Option(help: "The process id of the postmaster.") var postgresProcess: Int32?
    @Option(help: "Its directory, so that it can be crashed and started again.") var postgresDirectory: String?
    @Option(help: "Scripts/private-server.") var privateServer = "Scripts/private-server"
    @Option(help: "How to reach MariaDB.") var mariadb: String?
    @Option(help: "The process id of mariadbd.") var mariadbProcess: Int32?
    @Option(help: "What is noted as the compiler's version.") var compiler = ""
    @Option(help: "What is noted as the revision of the package.") var revision = ""

    func validate() throws {
        guard sqlite || postgres != nil || mariadb != nil else { throw ValidationError("Name a store.") }
        guard rounds ?? 1 >= 1 else { throw ValidationError("--rounds must be at least 1.") }
    }

    func run() async throws {
        let scale = quick ? Scale.quick : Scale.full
        let stores = try databases()
        var results = SinksResults(
            machine: Machine(directory: scratch), compiler: compiler, revision: revision, scale: scale,
            stores: try await stores.asyncMap { try await $0.description() })
        Progress.say(results.preface)
        let rounds = rounds ?? (quick ? 1 : 5)
        for round in 1...rounds {
            for store in stores {
                for path in WritePath.all(on: store.kind) {
                    let sample = try await Measurement(path: path, scale: scale, scratch: scratch).run(round, on: store)
                    results.samples.append(sample)
                    Progress.say("round \(round)  \(sample.summary)\n")
                }
            }
            // In a network's stead a database of the process's own would do, so the server comes first.
            if let store = stores.first(where: { $0.kind == .postgres }) ?? stores.first(where: { $0.kind == .sqlite })
            {
                try await results.latencies.measure(store, scale: scale, scratch: scratch)
                Progress.say("round \(round)  \(store.kind.name)  save(task)\n")
            }
        }
        // Last: the server that is started again is another process.
        if let database = stores.first(where: { $0.kind == .postgres }), let postgresDirectory {
            let server = PrivateServer(program: privateServer, kind: .postgres, directory: postgresDirectory)
            try await results.latencies.measure(
                database, awayFrom: server, calls: rounds * scale.bufferedCalls, scratch: scratch)
            Progress.say("\(database.kind.name) away  save(task)\n")
        }
        try ResultFiles(results: results, directory: out).write()
        print(SinksTable(results: results).text)
    }

    private func databases() throws -> [any Database] {
        var databases: [any Database] = []
        if sqlite { databases.append(SQLiteDatabase(path: scratch + "/tasks.db")) }
        if let postgres { databases.append(PostgresDatabase(conninfo: postgres, process: postgresProcess)) }
        if let mariadb { databases.append(try MariaDBDatabase(url: mariadb, process: mariadbProcess)) }
        return databases
    }
}

extension Array {
    /// Maps the elements one after another.
    fileprivate func asyncMap<Result>(_ transform: (Element) async throws -> Result) async rethrows -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await transform(element)) }
        return results
    }
}
