import WALFlow
import WALSQLite
import WALTasks

struct Order: Codable, Sendable {
    var id: String
    var total: Int
}

let orders = DAG(name: "Orders", key: "orders", of: Order.self) { dag, order in
    let checked = dag.addNode(
        "check", after: order,
        options: NodeOptions(retry: .exponential(max: 5, from: .seconds(1), to: .seconds(60)), timeout: .seconds(30))
    ) { _, order in
        guard order.total > 0 else { throw PermanentError("the order \(order.id) has no total") }  // no retries
        return order
    }
    // The step returns a label. The nodes after the other label are skipped.
    let way = dag.addBranch("risk", after: checked) { _, order in order.total > 1000 ? "review" : "pass" }
    let reviewed = dag.addWait("approve", after: way["review"], for: String.self, timeout: .seconds(3 * 86_400))
    let passed = dag.addNode("auto", after: way["pass"]) { _, _ in "nobody" }
    // The value of the one that wasn't skipped.
    let approved = dag.merge(reviewed, passed)
    // The bank knows no keys. After a crash in the middle, the task fails rather than charges twice.
    return dag.addNode(
        "charge", after: checked, approved, options: NodeOptions(execution: .atMostOnce)
    ) { _, order, by in
        "charged \(order.total) for \(order.id), approved by \(by)"
    }
}

@main
struct ApprovalFlow {
    static func main() async throws {
        print(try orders.picture(as: .mermaid))
        let storage = try await BufferedTaskStorage.sqlite("approval.db", log: "approval.wal")
        let runner = try await FlowRunner(
            storage: storage, dags: [orders], configuration: FlowConfiguration(concurrency: 16, maxResumptions: 5))
        let task = try await runner.process(Order(id: "o-1", total: 1200), by: orders)

        for await state in task.states {
            print(state.reason)
            if state.reason.hasPrefix("waiting for approve") { break }
        }
        print(try runner.picture(of: task.id, as: .mermaid))
        // The same id of the value again, such as a repeated request, changes nothing.
        try await runner.submit("Ann", to: "approve", of: task.id, id: "mail-1")
        print(try await task.result())

        await runner.close()
        try await storage.close()
    }
}
