import Foundation

/// What is going on, on the standard error, so that results can be piped.
public enum Progress {
    public static func say(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }
}
