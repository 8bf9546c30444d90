extension LogStatus.Recovery {
    init(_ all: [RecoveryReport.Finding], _ duration: Duration) {
        nanoseconds = duration.nanoseconds
        findings = Dictionary(grouping: all) { finding in
            Finding(
                classification: finding.classification.rawValue, isAcknowledged: finding.isAcknowledged, count: 0)
        }.map { kind, found in
            Finding(
                classification: kind.classification, isAcknowledged: kind.isAcknowledged, count: UInt64(found.count))
        }.sorted { ($0.classification, $0.isAcknowledged ? 1 : 0) < ($1.classification, $1.isAcknowledged ? 1 : 0) }
    }
}
