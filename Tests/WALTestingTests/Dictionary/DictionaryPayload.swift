import WALTesting

/// Changes as text: `set key value`, `delete key`, `event id key`, `poison key`.
enum DictionaryPayload {
    static func encode(_ change: SinkChange) -> [UInt8] {
        switch change {
        case .set(let key, let value): Array("set \(key) \(value)".utf8)
        case .delete(let key): Array("delete \(key)".utf8)
        case .event(let id, let key): Array("event \(key) \(id)".utf8)
        case .poison(let key): Array("poison \(key)".utf8)
        }
    }

    static func change(of payload: some Collection<UInt8>) -> SinkChange? {
        let words = payload.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
        guard words.count >= 2 else { return nil }
        switch (words[0], words.count) {
        case ("set", 3): return .set(key: words[1], value: words[2])
        case ("delete", 2): return .delete(key: words[1])
        case ("event", 3): return .event(id: words[2], key: words[1])
        case ("poison", 2): return .poison(key: words[1])
        default: return nil
        }
    }

    /// A hash of the second word that is the same in every process.
    static func key(of payload: RawSpan) -> UInt64 {
        var hash: UInt64 = 14_695_981_039_346_656_037
        var spaces = 0
        for index in 0..<payload.byteCount {
            let byte = payload.unsafeLoad(fromByteOffset: index, as: UInt8.self)
            if byte == UInt8(ascii: " ") { spaces += 1 }
            if spaces == 2 { break }
            if spaces == 1 { hash = (hash ^ UInt64(byte)) &* 1_099_511_628_211 }
        }
        return hash ^ hash >> 32
    }
}
