import WALFlow
import WALSQLite
import WALTasks

struct Order: Codable, Sendable {
    var id: String
    var total: Int
    var lines: [String]
}

struct Receipt: Codable, Sendable {
    var total: Int
    var parcels: [String]
    var approvedBy: String
}

let shipping = DAG(name: "Shipping", key: "shipping", of: [String].self) { dag, parcels in
    dag.addNode("label", after: parcels) { _, parcels in parcels.map { "label for \($0)" } }
}

let orders = DAG(name: "Orders", key: "orders", of: Order.self) { dag, order in
    let checked = dag.addNode("validate", after: order) { step, order in
        step.logActivity("processing", "checking \(order.id)")
        guard !order.lines.isEmpty else { throw PermanentError("an empty order") }  // no retries
        return order
    }
    let charged = dag.addNode(
        "charge", after: checked,
        options: NodeOptions(
            retry: .exponential(max: 5, from: .seconds(1), to: .seconds(300)), timeout: .seconds(30),
            durability: .durable)
    ) { step, order in
        try await charge(order.total, key: step.key)  // the same key in every attempt
    }
    // One run of the body for each line, at most 16 at a time, results in the order of the lines.
    let packed = dag.addIterator("lines", over: checked, { $0.lines }, concurrency: 16) { body, line in
        let picked = body.addNode("pick", after: line) { _, line in try await pick(line) }
        return body.addNode("pack", after: picked) { _, item in "box of \(item)" }
    }
    let way = dag.addBranch("risk", after: charged) { _, total in total > 1000 ? "review" : "pass" }
    let reviewed = dag.addWait("approve", after: way["review"], for: String.self, timeout: .seconds(3 * 86_400))
    let passed = dag.addNode("auto", after: way["pass"]) { _, _ in "nobody" }
    let approved = dag.merge(reviewed, passed)
    let shipped = dag.addDAG("ship", shipping, after: packed)
    return dag.addNode("receipt", after: charged, approved, shipped) { _, total, by, parcels in
        Receipt(total: total, parcels: parcels, approvedBy: by)
    }
}

func charge(_ total: Int, key: String) async throws -> Int {
    report("charge \(key)")
    return total
}

func pick(_ line: String) async throws -> String {
    report("pick \(line)")
    try await Task.sleep(for: .milliseconds(200))
    return line
}

func report(_ text: String) {
    print(text)
}

@main
struct OrderFlow {
    static func main() async throws {
        let storage = try await BufferedTaskStorage.sqlite("orders.db", log: "orders.wal")
        let runner = try await FlowRunner(storage: storage, dags: [orders]) { result in
            report("\(result.taskID) \(result.status.rawValue)")
        }
        // With an id that is known, the call returns that task. It continues where the last process ended.
        let order = Order(id: "o-1", total: 1200, lines: (1...20).map { "item \($0)" })
        let task = try await runner.process(order, by: orders, id: order.id)
        try await runner.submit("Ann", to: "approve", of: order.id, id: "mail-1")
        let receipt = try await task.result()
        report("\(receipt.parcels.count) parcels, \(receipt.total), approved by \(receipt.approvedBy)")
        await runner.close()
        try await storage.close()
    }
}
