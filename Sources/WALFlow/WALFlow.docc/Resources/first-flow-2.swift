import WALFlow
import WALSQLite
import WALTasks

/// Shrinks photos, two at a time, and then makes a page of them.
let album = DAG(name: "Album", key: "album", of: [String].self) { dag, photos in
    let small = dag.addIterator("photos", over: photos, { $0 }, concurrency: 2) { body, photo in
        body.addNode("shrink", after: photo) { step, photo in
            print("\(step.path): \(photo)")
            try await Task.sleep(for: .seconds(1))
            return "small \(photo)"
        }
    }
    return dag.addNode("page", after: small) { step, names in
        print("\(step.path): \(names.count) photos")
        return "a page of \(names.count), from \(names.first ?? "") to \(names.last ?? "")"
    }
}

@main
struct FirstFlow {
    static func main() async throws {
        let storage = try await BufferedTaskStorage.sqlite("album.db", log: "album.wal")
        let runner = try await FlowRunner(storage: storage, dags: [album])

        // The same id gives the same task: a second start finds the task of the first one.
        let photos = (1...10).map { "photo \($0)" }
        let task = try await runner.process(photos, by: album, id: "holiday")
        print(try await task.result())

        await runner.close()
        try await storage.close()
    }
}
