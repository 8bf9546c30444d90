/// Samples by subject, in the order of measuring.
public struct SampleSet: Sendable {
    public let comparisons: [Comparison]
    private let samples: [Comparison: [Sample]]

    public init(_ samples: [Sample]) {
        self.samples = Dictionary(grouping: samples, by: \.comparison)
        comparisons = samples.map(\.comparison).unique
    }

    public func contenders(_ comparison: Comparison) -> [Contender] {
        samples[comparison, default: []].map(\.contender).unique
    }

    public func quantities(_ comparison: Comparison, _ contender: Contender) -> [Quantity] {
        samples[comparison, default: []].filter { $0.contender == contender }.map(\.quantity).unique
    }

    /// Nil if it wasn't measured.
    public func spread(_ comparison: Comparison, _ contender: Contender, _ quantity: Quantity) -> Spread? {
        Spread(values(comparison, contender, quantity).map(\.value))
    }

    /// Returns the spread of the ratios of all rounds.
    public func ratio(
        _ comparison: Comparison, _ contender: Contender, to other: Contender, _ quantity: Quantity
    ) -> Spread? {
        let base = Dictionary(
            values(comparison, other, quantity).map { ($0.round, $0.value) }, uniquingKeysWith: { first, _ in first })
        return Spread(
            values(comparison, contender, quantity).compactMap { sample in
                base[sample.round].flatMap { $0 > 0 ? sample.value / $0 : nil }
            })
    }

    /// The ratio to the contender that was measured first.
    public func ratioToFirst(_ comparison: Comparison, _ contender: Contender, _ quantity: Quantity) -> Spread? {
        contenders(comparison).first.flatMap { ratio(comparison, contender, to: $0, quantity) }
    }

    private func values(_ comparison: Comparison, _ contender: Contender, _ quantity: Quantity) -> [Sample] {
        samples[comparison, default: []].filter { $0.contender == contender && $0.quantity == quantity }
    }
}

extension Sequence where Element: Hashable {
    /// The values without repeats, in the order of their first appearance.
    public var unique: [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
