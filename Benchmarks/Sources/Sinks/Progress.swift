import Foundation

/// What is going on, on the standard error, so that results can be piped.
enum Progress {
    static func say(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }
}
