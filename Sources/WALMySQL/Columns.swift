#if MySQL
    internal import WAL
    internal import WALTasks

    extension RowTable {
        /// Adds the row of a mutation, for the mutation's statement in ``WriteSQL``.
        func add(_ mutation: TaskMutation) {
            switch mutation {
            case .save(let task): add(task)
            case .log(let activity): add(activity)
            case .updateStatus(let id, let status, let error, let time):
                add(status.rawValue)
                add(error)
                add(time)
                // The statement sets `started_at` only if it is NULL, but `completed_at` at each change to an end. See
                // ``TaskStorage/updateStatus(id:to:error:at:)``.
                add(status == .running ? time : nil)
                add([.completed, .failed, .cancelled].contains(status) ? time : nil)
                add(id)
            case .delete(let id), .deleteDAG(let id): add(id)
            case .removeTasks(let time), .removeActivities(let time):
                // A time out of the range becomes the nearest bound, because no stored time is out of the range.
                let bound = min(max(time.rawValue, DateTime.range.lowerBound), DateTime.range.upperBound)
                add(Timestamp(rawValue: bound))
            }
        }
    }
#endif
