internal import WAL

/// A kind of call that a log makes to the operating system. A storage counts calls by kind and makes them fail by kind.
public enum StorageOperation: String, CaseIterable, Hashable, Sendable {
    /// Opening or creating a file.
    case open
    /// Reading from a file.
    case read
    /// Writing to a file. An append writes to mapped memory without a call.
    case write
    /// Cutting a file.
    case truncate
    /// Making a file's contents durable.
    case sync
    /// Mapping a file into memory.
    case map
    /// Locking the directory.
    case lock
    /// Listing a directory.
    case list
    /// Making a directory's entries durable.
    case syncDirectory
    /// Making a directory.
    case makeDirectory
    /// Removing a file.
    case remove
    /// Renaming a file.
    case rename
    /// Giving a file another name.
    case link

    /// Returns nil for calls that can't fail: closing and unmapping.
    init?(_ call: StorageCall) {
        switch call {
        case .open: self = .open
        case .read: self = .read
        case .write: self = .write
        case .truncate: self = .truncate
        case .sync: self = .sync
        case .map: self = .map
        case .lock: self = .lock
        case .list: self = .list
        case .syncDirectory: self = .syncDirectory
        case .makeDirectory: self = .makeDirectory
        case .remove: self = .remove
        case .rename: self = .rename
        case .link: self = .link
        case .close, .unmap: return nil
        }
    }
}
