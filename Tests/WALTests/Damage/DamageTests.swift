import Foundation
import Testing

/// A damaged byte must lose only the records that contain it. The log must report it as damage, and must never return it as part
/// of another payload. An owner deletes a log that doesn't open, and then everything is lost.
///
/// `WAL_LONG` in the environment selects every bit and every length. Without it, the tests flip one bit in one byte of 16 of the
/// frames, and try each length around the frames' ends.
@Suite struct DamageTests {
    /// Of this number of verified cases, one is opened and repaired, too.
    private static let openedOf = 23

    /// The end of the part of a file that can matter. Only zeros follow it, and a few of them represent all.
    private func extent(_ specimen: Specimen, _ name: String) -> Int {
        let used = specimen.segment(name)?.frames.last?.end ?? 1024
        return min(used + 40, specimen.files[name]?.count ?? 0)
    }

    private func check(_ check: DamageCheck, _ damaged: Specimen.Files, _ label: @autoclosure () -> String) async throws
    {
        // A long loop that never suspends would delay other tests' tasks.
        await Task.yield()
        if check.caseCount % Self.openedOf == 0 {
            try check.open(damaged, label())
        } else {
            try check.verify(damaged, label())
        }
    }

    @Test(arguments: [false, true])
    func aBitIsFlipped(_ isOtherBoot: Bool) async throws {
        let specimen = try await Specimen.make(isOtherBoot: isOtherBoot)
        let run = try DamageCheck(specimen)
        for name in specimen.names {
            // One checksum covers a whole header copy, and both copies are equal.
            for offset in 0..<extent(specimen, name) where Torture.isLong || offset % (offset < 1024 ? 29 : 16) == 0 {
                for bit in Torture.isLong ? Array(0..<8) : [offset * 5 % 8] {
                    var damaged = specimen.files
                    damaged[name]?[offset] ^= 1 << bit
                    try await check(run, damaged, "bit \(bit) of byte \(offset) of \(name) is flipped")
                }
            }
        }
    }

    @Test(arguments: [false, true])
    func aFileIsCut(_ isOtherBoot: Bool) async throws {
        let specimen = try await Specimen.make(isOtherBoot: isOtherBoot)
        let run = try DamageCheck(specimen)
        for name in specimen.names {
            let ends = [0, 512, 1024] + (specimen.segment(name)?.frames ?? []).flatMap { [$0.offset, $0.end] }
            for length in 0..<extent(specimen, name) where length < specimen.files[name]?.count ?? 0 {
                guard Torture.isLong || length % 61 == 0 || ends.contains(where: { abs($0 - length) <= 1 }) else {
                    continue
                }
                var damaged = specimen.files
                damaged[name] = Array(damaged[name]?[..<length] ?? [])
                try await check(run, damaged, "\(name) is cut to \(length) bytes")
            }
        }
    }

    /// The sectors of all files, and the first sector of the zeros that follow.
    private func sectors(_ specimen: Specimen) -> [(name: String, range: Range<Int>)] {
        specimen.names.flatMap { name in
            stride(from: 0, to: extent(specimen, name), by: 512).map {
                (name, $0..<min($0 + 512, specimen.files[name]?.count ?? 0))
            }
        }
    }

    @Test(arguments: [false, true])
    func aSectorIsZeroedOrHasSomethingElse(_ isOtherBoot: Bool) async throws {
        let specimen = try await Specimen.make(isOtherBoot: isOtherBoot)
        let run = try DamageCheck(specimen)
        for (name, range) in sectors(specimen) {
            for byte: UInt8 in [0, 0xFF, 0x5A] {
                var damaged = specimen.files
                damaged[name]?.replaceSubrange(range, with: repeatElement(byte, count: range.count))
                try run.open(damaged, "the sector at \(range) of \(name) is full of \(byte)")
            }
        }
    }

    @Test(arguments: [false, true])
    func twoSectorsAreSwapped(_ isOtherBoot: Bool) async throws {
        let specimen = try await Specimen.make(isOtherBoot: isOtherBoot)
        let run = try DamageCheck(specimen)
        let sectors = sectors(specimen)
        for (index, first) in sectors.enumerated() {
            for second in sectors[(index + 1)...] where first.range.count == second.range.count {
                var damaged = specimen.files
                damaged[first.name]?.replaceSubrange(
                    first.range, with: specimen.files[second.name]?[second.range] ?? [])
                damaged[second.name]?.replaceSubrange(
                    second.range, with: specimen.files[first.name]?[first.range] ?? [])
                try await check(
                    run, damaged, "\(first.range) of \(first.name) and \(second.range) of \(second.name) are swapped")
            }
        }
    }

    /// A lost write: the disk has the earlier contents.
    @Test(arguments: [false, true])
    func aSectorIsStale(_ isOtherBoot: Bool) async throws {
        let specimen = try await Specimen.make(isOtherBoot: isOtherBoot)
        let run = try DamageCheck(specimen)
        for earlier in specimen.earlier {
            for (name, range) in sectors(specimen) {
                guard let before = earlier[name], range.upperBound <= before.count else { continue }
                var damaged = specimen.files
                damaged[name]?.replaceSubrange(range, with: before[range])
                try run.open(damaged, "the sector at \(range) of \(name) is from before")
                if range.lowerBound == 512 {
                    damaged[name]?.replaceSubrange(..<512, with: before[..<512])
                    try run.open(damaged, "both headers of \(name) are from before")
                }
            }
        }
    }

    @Test(arguments: [false, true])
    func segmentsAreRemoved(_ isOtherBoot: Bool) async throws {
        let specimen = try await Specimen.make(isOtherBoot: isOtherBoot)
        let run = try DamageCheck(specimen)
        let names = specimen.activeNames
        for subset in 1..<(1 << names.count) - 1 {
            let removed = names.indices.filter { subset & 1 << $0 != 0 }.map { names[$0] }
            try run.open(specimen.files.filter { !removed.contains($0.key) }, "\(removed) are missing")
        }
    }

    @Test(arguments: [false, true])
    func segmentsAreDoubledOrSwapped(_ isOtherBoot: Bool) async throws {
        let specimen = try await Specimen.make(isOtherBoot: isOtherBoot)
        let run = try DamageCheck(specimen)
        for name in specimen.names {
            var doubled = specimen.files
            doubled["00000000000000000090.wal"] = specimen.files[name]
            try run.open(doubled, "\(name) is there twice")
            for other in specimen.names where other != name {
                var damaged = specimen.files
                damaged[other] = specimen.files[name]
                try run.open(damaged, "\(name) is in the place of \(other)")
                guard name < other else { continue }
                damaged[name] = specimen.files[other]
                try run.open(damaged, "\(name) and \(other) are swapped")
            }
        }
    }

    @Test(arguments: [false, true])
    func segmentsAreOfAnotherLogOrFromBefore(_ isOtherBoot: Bool) async throws {
        var specimen = try await Specimen.make(isOtherBoot: isOtherBoot)
        let other = try await Specimen.make(isOtherBoot: isOtherBoot)
        specimen.remember([other.files])
        let run = try DamageCheck(specimen)
        for (name, bytes) in other.files.sorted(by: { $0.key < $1.key }) {
            var damaged = specimen.files
            damaged["00000000000000000091.wal"] = bytes
            try run.open(damaged, "\(name) of another log is there, too")
            damaged = specimen.files
            damaged[name] = bytes
            try run.open(damaged, "\(name) is another log's")
        }
        for earlier in specimen.earlier {
            for (name, bytes) in earlier where specimen.files[name] != nil && specimen.files[name] != bytes {
                var damaged = specimen.files
                damaged[name] = bytes
                try run.open(damaged, "\(name) is from before")
            }
        }
    }
}
