internal import WAL

/// The numbered images that a power loss can leave of one ``CrashState``. Each image appears as after a restart of the
/// kernel.
public struct CrashImages: Sendable {
    private enum Part: Sendable {
        case unit(CrashState.FileID, Int)
        case size(CrashState.FileID)
        case change(Int)
    }

    /// A part of the state that has several versions, one of which has reached the disk.
    private struct Choice: Sendable {
        var part: Part
        /// The tick of each version. The first version is the durable one.
        var ticks: [CrashState.Tick]
    }

    private let state: CrashState
    private let unit: CrashState.Unit
    private let choices: [Choice]

    init(_ state: CrashState, _ unit: CrashState.Unit) {
        self.state = state
        self.unit = unit
        var choices = state.changes.indices.map { Choice(part: .change($0), ticks: [0, 1]) }
        for (id, file) in state.files.sorted(by: { $0.key < $1.key }) {
            let sectorsInUnit = unit.rawValue / CrashState.File.sectorSize
            for (index, sectors) in Dictionary(grouping: file.sectors.keys, by: { $0 / sectorsInUnit }).sorted(
                by: { $0.key < $1.key })
            {
                let ticks = Set(sectors.flatMap { file.sectors[$0]?.map(\.tick) ?? [] })
                choices.append(Choice(part: .unit(id, index), ticks: [0] + ticks.sorted()))
            }
            if !file.sizes.isEmpty { choices.append(Choice(part: .size(id), ticks: [0] + file.sizes.map(\.tick))) }
        }
        self.choices = choices
    }

    /// The number of images; `Int.max` if there are more. Some images may be equal.
    public var count: Int {
        choices.reduce(1) { product, choice in
            let (next, isTooMany) = product.multipliedReportingOverflow(by: choice.ticks.count)
            return isTooMany ? .max : next
        }
    }

    /// Returns the image with a number. Image 0 contains only the durable data.
    ///
    /// - Parameter number: A number from 0 up to ``count`` - 1.
    public subscript(number: Int) -> CrashImage {
        var rest = number
        return image { choice in
            defer { rest /= choice.ticks.count }
            return rest % choice.ticks.count
        }
    }

    /// The image that contains every write.
    public var newest: CrashImage { image { $0.ticks.count - 1 } }

    /// Returns a random image. In many of these images nearly every write has reached the disk, or nearly none. Such
    /// images test the most decisions of recovery.
    ///
    /// - Parameter generator: The source of randomness.
    public func random(using generator: inout some RandomNumberGenerator) -> CrashImage {
        let chance = [2, 10, 50, 90, 98].randomElement(using: &generator) ?? 50
        return image { choice in
            let isNewest = Int.random(in: 0..<100, using: &generator) < chance
            return isNewest ? choice.ticks.count - 1 : Int.random(in: 0..<choice.ticks.count - 1, using: &generator)
        }
    }

    private func image(_ choose: (Choice) -> Int) -> CrashImage {
        var entries = state.entries
        var sizes: [CrashState.FileID: Int] = [:]
        var units: [(file: CrashState.FileID, index: Int, tick: CrashState.Tick)] = []
        for choice in choices {
            let chosen = choose(choice)
            switch choice.part {
            case .change(let index): if chosen == 1 { state.changes[index].change.apply(to: &entries) }
            case .size(let file): if chosen > 0 { sizes[file] = state.files[file]?.sizes[chosen - 1].size }
            case .unit(let file, let index): if chosen > 0 { units.append((file, index, choice.ticks[chosen])) }
            }
        }
        var contents: [CrashState.FileID: [UInt8]] = [:]
        for entry in entries.values {
            guard case .file(let id) = entry, contents[id] == nil, let file = state.files[id] else { continue }
            var bytes = file.durable.resized(to: sizes[id] ?? file.durable.count)
            for unit in units where unit.file == id { place(unit.index, unit.tick, of: file, in: &bytes) }
            contents[id] = bytes
        }
        return CrashImage(entries, contents).inAnotherBoot()
    }

    /// Overwrites the durable contents of a unit with its contents at a tick.
    private func place(_ index: Int, _ tick: CrashState.Tick, of file: CrashState.File, in bytes: inout [UInt8]) {
        let size = CrashState.File.sectorSize
        let perUnit = unit.rawValue / size
        for sector in index * perUnit..<(index + 1) * perUnit {
            guard let version = file.sectors[sector]?.last(where: { $0.tick <= tick }) else { continue }
            let length = min(size, bytes.count - sector * size)
            guard length > 0 else { continue }
            unsafe bytes.withUnsafeMutableBytes { bytes in
                unsafe version.bytes.withUnsafeBytes { version in
                    let target = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[(sector * size)...])
                    unsafe target.copyMemory(from: UnsafeRawBufferPointer(rebasing: version[..<length]))
                }
            }
        }
    }
}

extension [UInt8] {
    /// Returns these bytes, cut or padded with zeros to `size`.
    fileprivate func resized(to size: Int) -> [UInt8] {
        guard size != count else { return self }
        return size < count ? Array(self[..<size]) : self + [UInt8](repeating: 0, count: size - count)
    }
}
