import Foundation
import WAL
import WALTasks

/// Tasks and activities like those of the loan log.
enum Workload {
    static func task(_ number: Int) -> PersistentTask {
        PersistentTask(
            id: "loan-\(number % taskCount)", dagID: "loan", nodeID: "A_SUBMITTED", currentNodeID: "A_SUBMITTED",
            payload: #"{"REG_DATE":"2011-10-01T00:38:44.546+02:00","AMOUNT_REQ":"20000"}"#, status: .running,
            createdAt: time(number), updatedAt: time(number), retryCount: 0)
    }

    static func activity(_ number: Int) -> TaskActivityLog {
        TaskActivityLog(
            id: "loan-activity-\(number)", taskID: "loan-\(number % taskCount)", dagID: "loan", nodeID: "A_SUBMITTED",
            action: "complete", message: "A_SUBMITTED complete by 112", data: #"{"org:resource":"112"}"#,
            createdAt: time(number))
    }

    /// Tasks that live at the same time.
    private static let taskCount = 10_000

    private static func time(_ number: Int) -> Timestamp {
        Timestamp(rawValue: 1_750_000_000_000_000 + Int64(number))
    }
}
