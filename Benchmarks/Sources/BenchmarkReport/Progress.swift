import Foundation

/// Progress messages on standard error, so that results can be piped.
public enum Progress {
    public static func say(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }
}
