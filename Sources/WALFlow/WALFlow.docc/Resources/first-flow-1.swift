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
