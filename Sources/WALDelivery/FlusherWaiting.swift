internal import WAL

/// An event that can end a pause of a worker.
enum FlusherWake: Sendable {
    case time(Duration)
    case condition(FlusherCoordinator.Machine.Condition)
    /// The reader may have a record.
    case records(LentReader)
}

// Sendable although a reader isn't: the worker that lends it awaits the borrower before it touches the reader again.
struct LentReader: @unchecked Sendable {
    let reader: LogReader
}

extension FlusherCore {
    /// Waits for several events at once and returns the first. The other waits are canceled.
    @discardableResult
    func waitForFirst(of wakes: [FlusherWake]) async throws(WALError) -> FlusherWake {
        let result = await withTaskGroup(of: Result<FlusherWake, WALError>.self) { group in
            for wake in wakes {
                group.addTask { await wait(for: wake) }
            }
            let first = await group.next()
            group.cancelAll()
            return first ?? .failure(.waitCancelled)
        }
        return try result.get()
    }

    private func wait(for wake: FlusherWake) async -> Result<FlusherWake, WALError> {
        do throws(WALError) {
            switch wake {
            case .time(let time): try await clock.sleep(until: time)
            case .condition(let condition): try await coordinator.wait(for: condition)
            case .records(let lent): try await lent.reader.waitForMore()
            }
            return .success(wake)
        } catch {
            return .failure(error)
        }
    }
}
