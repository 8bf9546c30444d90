import WAL
import WALDelivery

/// A reader of the dead letters beside a log. It passes over damaged ones, so that they don't hide the others.
struct ReadableLetters {
    private var reader: DeadLetterReader
    /// The damage that the reader has found so far.
    private(set) var damages: [WALError] = []

    init(logDirectory: String) throws(WALError) {
        reader = try DeadLetterReader(logDirectory: logDirectory)
    }

    /// Returns the next letter that can be read.
    mutating func next() throws(WALError) -> DeadLetterRecord? {
        while true {
            do throws(WALError) {
                return try reader.next()
            } catch {
                guard error.code == .corrupted || error.gap != nil else { throw error }
                if error.code == .corrupted { damages.append(error) }
                // Without a gap, the reader may not have passed the damage.
                if error.gap == nil { return nil }
            }
        }
    }

    /// Returns a sentence that reports damage.
    static func text(_ damage: WALError) -> String {
        "Dead letters are damaged: \(damage.gap?.description ?? damage.message)"
    }
}
