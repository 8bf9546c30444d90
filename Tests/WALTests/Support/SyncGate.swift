import Foundation

@testable import WAL

/// Holds the syncs of a log while it is closed. Makes them fail if it is opened with a broken disk.
final class SyncGate: StorageHook {
    private struct State {
        var isClosed = false
        var held = 0
        var isDiskBroken = false
    }

    private let state = Monitor(State())

    var isClosed: Bool { state.withLock { $0.isClosed } }
    var isHoldingOne: Bool { state.withLock { $0.held > 0 } }

    /// Closes the gate. It opens after `time`, so that a failing test ends.
    func close(for time: Duration) {
        state.withLock { $0.isClosed = true }
        Thread.detachNewThread { [self] in
            let isOpen = state.wait(until: .now + time) { state in state.isClosed ? nil : true } ?? false
            if !isOpen { open() }
        }
    }

    func open(breakingTheDisk isDiskBroken: Bool = false) {
        state.withLock { state in
            state.isClosed = false
            state.isDiskBroken = isDiskBroken
        }
        state.notifyAll()
    }

    func before(_ call: StorageCall) -> StorageVerdict {
        switch call {
        case .sync:
            state.withLock { $0.held += 1 }
            state.wait { state in state.isClosed ? nil : () }
            state.withLock { $0.held -= 1 }
        case .open(_, creates: true): break
        default: return .proceed
        }
        return state.withLock { $0.isDiskBroken } ? .fail(EIO) : .proceed
    }

    func after(_ call: StorageCall, result: Int) {}
}
