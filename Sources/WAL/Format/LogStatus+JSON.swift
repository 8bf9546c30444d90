extension LogStatus {
    /// The status as a JSON document (FORMAT.md, "Status of a writer").
    public var json: [UInt8] { JSONText.object { write(to: &$0) } }

    private func write(to text: inout JSONText) {
        text.number("version", Self.version)
        text.number("time", time.rawValue)
        text.number("opened_at", openedAt.rawValue)
        text.number("closed_at", closedAt?.rawValue)
        text.number("process", process)
        text.string("id", id)
        text.string("format", format)
        text.string("sync_policy", syncPolicy)
        text.number("first_sequence", firstSequence.rawValue)
        text.number("last_sequence", lastSequence.rawValue)
        text.number("durable_sequence", durableSequence.rawValue)
        text.number("epoch", epoch)
        if let refusal {
            text.object("refusal") {
                $0.string("code", refusal.code)
                $0.string("message", refusal.message)
            }
        }
        text.object("appended") {
            $0.number("records", appended.records)
            $0.number("bytes", appended.bytes)
        }
        text.object("not_durable") {
            $0.number("bytes", notDurable.bytes)
            $0.number("oldest", notDurable.oldest?.rawValue)
        }
        text.objects("waits", waits) { text, wait in
            text.string("reason", wait.reason)
            text.number("count", wait.count)
            text.number("nanoseconds", wait.nanoseconds)
        }
        text.objects("errors", errors) { text, error in
            text.string("code", error.code)
            text.number("count", error.count)
        }
        text.object("syncs") {
            $0.object("durations", syncs.durations.write)
            if let recent = syncs.recent { $0.object("recent", recent.write) }
            $0.number("failures", syncs.failures)
        }
        text.object("segments") {
            $0.number("prepared", segments.prepared)
            $0.number("active", segments.active)
            $0.number("unsealed", segments.unsealed)
            $0.number("sealed", segments.sealed)
            $0.number("compressed", segments.compressed)
        }
        text.object("disk") {
            $0.number("bytes", disk.bytes)
            $0.number("budget", disk.budget)
            $0.number("reclaimable", disk.reclaimable)
            $0.number("free", disk.free)
            $0.number("size", disk.size)
        }
        text.array("cursors") { for cursor in cursors { cursor.write(to: &$0) } }
        text.object("recovery") {
            $0.number("nanoseconds", recovery.nanoseconds)
            $0.objects("findings", recovery.findings) { text, finding in
                text.string("classification", finding.classification)
                text.bool("is_acknowledged", finding.isAcknowledged)
                text.number("count", finding.count)
            }
        }
        text.object("storage") {
            $0.string("durability", storage.durability.rawValue)
            $0.string("explanation", storage.explanation)
            $0.string("file_system", storage.fileSystem)
            $0.string("device", storage.device)
            $0.string("mount_options", storage.mountOptions)
            $0.bool("has_write_cache", storage.hasWriteCache)
        }
        text.array("sinks") { for sink in sinks { sink.write(to: &$0) } }
        text.bool("is_truncated", isTruncated)
    }
}

extension LogStatus.Cursor {
    package func write(to text: inout JSONText) {
        text.object {
            $0.string("name", name)
            $0.number("position", position.rawValue)
            $0.number("lag_records", lagRecords)
            $0.number("lag_bytes", lagBytes)
            $0.number("pinned_bytes", pinnedBytes)
        }
    }
}

extension DurationHistogram {
    fileprivate func write(to text: inout JSONText) {
        text.array("counts") { for count in counts { $0.number(nil, count) } }
        text.number("nanoseconds", nanoseconds)
        text.number("minimum_nanoseconds", minimumNanoseconds)
    }
}

extension SinkStatus {
    package func write(to text: inout JSONText) {
        text.object {
            $0.string("name", name)
            $0.string("state", state.rawValue)
            $0.string("error", error)
            $0.number("applied_sequence", appliedSequence.rawValue)
            $0.number("applied_records", appliedRecords)
            $0.number("applied_batches", appliedBatches)
            $0.number("written_rows", writtenRows)
            $0.number("coalesced_records", coalescedRecords)
            $0.number("lost_records", lostRecords)
            $0.number("lost_claims", lostClaims)
            $0.objects("failures", failures) { text, failure in
                text.string("kind", failure.kind)
                text.number("count", failure.count)
            }
            $0.number("retries", retries)
            $0.number("dead_letters", deadLetters)
            $0.number("dead_letters_in_sink", deadLettersInSink)
            $0.object("lag") {
                $0.number("records", lag.records)
                $0.number("bytes", lag.bytes)
                $0.number("oldest", lag.oldest?.rawValue)
            }
            $0.number("last_success", lastSuccess?.rawValue)
            $0.object("batches", batches.write)
        }
    }
}
