import WAL

/// A frame as one line of output.
enum FrameLine {
    static let heading = "segment\toffset\tsize\tkind\tsequence\trecords\ttime\tdurable position"

    static func text(_ frame: FrameInfo) -> String {
        [
            "\(frame.segment)", "\(frame.offset)", "\(frame.size)",
            frame.problem.map { "invalid: \($0)" } ?? frame.kind ?? "", "\(frame.sequence.rawValue)",
            "\(frame.recordCount)", frame.time?.description ?? "", frame.durablePosition.map { "\($0)" } ?? "",
        ].joined(separator: "\t")
    }

    static func json(_ frame: FrameInfo) -> String {
        JSON.object([
            ("segment", JSON(frame.segment)), ("offset", JSON(frame.offset)), ("size", JSON(frame.size)),
            ("kind", JSON(frame.kind)), ("sequence", JSON(frame.sequence.rawValue)),
            ("records", JSON(frame.recordCount)), ("time", JSON(frame.time?.description)),
            ("durable_position", frame.durablePosition.map { JSON($0) } ?? .null), ("problem", JSON(frame.problem)),
        ]).description
    }
}
