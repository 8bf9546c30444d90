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
        text.array("waits") { for wait in waits { wait.write(to: &$0) } }
        text.array("errors") { for error in errors { error.write(to: &$0) } }
        text.object("syncs") {
            $0.object("durations", syncs.durations.write)
            if let recent = syncs.recent { $0.object("recent", recent.write) }
            $0.number("failures", syncs.failures)
        }
        text.object("segments", segments.write)
        text.object("disk", disk.write)
        text.array("cursors") { for cursor in cursors { cursor.write(to: &$0) } }
        text.object("recovery", recovery.write)
        text.object("storage", storage.write)
        text.array("sinks") { for sink in sinks { sink.write(to: &$0) } }
        text.bool("is_truncated", isTruncated)
    }
}

extension LogStatus.Wait {
    fileprivate func write(to text: inout JSONText) {
        text.object {
            $0.string("reason", reason)
            $0.number("count", count)
            $0.number("nanoseconds", nanoseconds)
        }
    }
}

extension LogStatus.ErrorCount {
    fileprivate func write(to text: inout JSONText) {
        text.object {
            $0.string("code", code)
            $0.number("count", count)
        }
    }
}

extension LogStatus.Segments {
    fileprivate func write(to text: inout JSONText) {
        text.number("prepared", prepared)
        text.number("active", active)
        text.number("unsealed", unsealed)
        text.number("sealed", sealed)
        text.number("compressed", compressed)
    }
}

extension LogStatus.Disk {
    fileprivate func write(to text: inout JSONText) {
        text.number("bytes", bytes)
        text.number("budget", budget)
        text.number("reclaimable", reclaimable)
        text.number("free", free)
        text.number("size", size)
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

extension LogStatus.Recovery {
    fileprivate func write(to text: inout JSONText) {
        text.number("nanoseconds", nanoseconds)
        text.array("findings") { text in
            for finding in findings {
                text.object {
                    $0.string("classification", finding.classification)
                    $0.bool("is_acknowledged", finding.isAcknowledged)
                    $0.number("count", finding.count)
                }
            }
        }
    }
}

extension StorageInfo {
    fileprivate func write(to text: inout JSONText) {
        text.string("durability", durability.rawValue)
        text.string("explanation", explanation)
        text.string("file_system", fileSystem)
        text.string("device", device)
        text.string("mount_options", mountOptions)
        text.bool("has_write_cache", hasWriteCache)
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
            $0.array("failures") { text in
                for failure in failures {
                    text.object {
                        $0.string("kind", failure.kind)
                        $0.number("count", failure.count)
                    }
                }
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
