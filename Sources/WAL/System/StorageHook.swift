internal import Synchronization

/// A call to the operating system that the log makes for one of its files.
@safe
package enum StorageCall {
    case open(path: String, creates: Bool)
    case close(descriptor: Int32)
    case read(descriptor: Int32, offset: Int, count: Int)
    case write(descriptor: Int32, offset: Int, bytes: UnsafeRawBufferPointer)
    case truncate(descriptor: Int32, size: Int)
    case sync(descriptor: Int32)
    case map(descriptor: Int32, size: Int, isWritable: Bool)
    case unmap(address: Int)
    case lock(descriptor: Int32)
    case list(path: String)
    case syncDirectory(path: String)
    case makeDirectory(path: String)
    case remove(path: String)
    case rename(path: String, newPath: String)
    case link(path: String, newPath: String)
}

/// The decision about a call.
package enum StorageVerdict {
    case proceed
    /// The call reads or writes only this number of bytes.
    case proceedPartly(Int)
    /// The call isn't made, and fails with this error number.
    case fail(Int32)
}

/// A test's hook between the log and the operating system. It is asked before each call, and gets the result after it.
///
/// All threads of the log call the hook.
package protocol StorageHook: AnyObject, Sendable {
    func before(_ call: StorageCall) -> StorageVerdict
    /// Receives the result of a call; -1 if it failed.
    func after(_ call: StorageCall, result: Int)
}

/// The installed hooks, each for one directory and its contents.
///
/// An open file keeps its hook. Other calls look it up, which costs one relaxed load if there are no hooks, compared
/// with a system call of a microsecond. Appending makes no system calls, so it doesn't use hooks.
package enum StorageHooks {
    private static let count = Atomic<Int>(0)
    private static let hooks = Monitor<[String: any StorageHook]>([:])

    package static func install(_ hook: any StorageHook, for directory: String) { set(hook, for: directory) }

    package static func remove(from directory: String) { set(nil, for: directory) }

    private static func set(_ hook: (any StorageHook)?, for directory: String) {
        hooks.withLock { hooks in
            hooks[directory] = hook
            count.store(hooks.count, ordering: .relaxed)
        }
    }

    static func hook(for path: String) -> (any StorageHook)? {
        guard count.load(ordering: .relaxed) != 0 else { return nil }
        return hooks.withLock { hooks in
            hooks.first { directory, _ in
                path.hasPrefix(directory)
                    && (path.utf8.count == directory.utf8.count || path.dropFirst(directory.count).hasPrefix("/"))
            }?.value
        }
    }
}
