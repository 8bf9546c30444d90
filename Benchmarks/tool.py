#!/usr/bin/env python3
"""Measures the tool beside a C++ loop with simdjson, and its delivery into PostgreSQL beside a binary COPY.

    Benchmarks/tool [ROUNDS]     5 if not given

Each round takes the measurements in turn. Prints medians with minimum and maximum and the ratios of the goals, each the median of the
rounds' ratios, and writes tool.json into the results.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import time


def run(command, **more):
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, **more)
    if done.returncode:
        sys.exit("%s: exit code %d\n%s" % (" ".join(command), done.returncode, done.stderr[-2000:]))
    return done.stdout


def multiplied(sample, path, copies):
    """Writes copies of the sample whose tasks have other ids, so that every line is new."""
    with open(sample, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        for number in range(copies):
            file.write(text.replace('"loan-', '"loan%02d-' % number))


class Measurements:
    def __init__(self, wal, work, address, lines):
        self.wal, self.work, self.address, self.lines = wal, work, address, lines
        self.activities = os.path.join(work, "activities")
        self.full = os.path.join(work, "full")
        self.filled = self.ingest(self.full, "memory:")
        self.counts = None

    def ingest(self, log, store):
        return json.loads(run([self.wal, "ingest", "--log", log, "--store", store, "--json", self.lines]))

    def ingested(self, store):
        log = os.path.join(self.work, "log")
        found = self.ingest(log, store)
        shutil.rmtree(log)
        for name in os.listdir(self.work):
            if name.startswith("tasks.db"):
                os.remove(os.path.join(self.work, name))
        return {"into_log": found["lines_per_second_into_log"], "through": found["lines"] / found["seconds"]}

    def read_by_cpp(self):
        return {"into_log": json.loads(run([os.path.join(self.work, "peer"), self.lines]))["lines_per_second"]}

    def sql(self, *commands):
        return run(["psql", "-X", "-q", "-At", self.address] + [x for each in commands for x in ("-c", each)])

    def delivered(self, workers):
        """A log that is filled already, so the time is that of reading it, writing rows, and moving the position."""
        self.sql("SET client_min_messages = error", "DROP SCHEMA public CASCADE", "CREATE SCHEMA public", "CHECKPOINT")
        log = os.path.join(self.work, "log")
        shutil.copytree(self.full, log)
        found = json.loads(run(
            [self.wal, "ingest", "--log", log, "--store", "postgres:" + self.address, "--workers", str(workers), "--json", "-"],
            stdin=subprocess.DEVNULL))
        shutil.rmtree(log)
        counts = self.sql(
            "SELECT (SELECT count(*) FROM dag_tasks), (SELECT count(*) FROM dag_task_activity_logs), "
            "(SELECT count(*) FROM wal_sink_dead_letter)").strip().split("|")
        self.counts = self.counts or counts
        if counts != self.counts or int(counts[1]) != self.filled["activities"] or counts[2] != "0":
            sys.exit("the tables have %s rows, not %s" % (counts, self.counts))
        if not os.path.exists(self.activities):
            self.sql("\\copy dag_task_activity_logs TO '%s' WITH (FORMAT binary)" % self.activities)
        return {"rows": found["rows_written"] / found["seconds"], "records": self.filled["lines"] / found["seconds"]}

    def copied(self):
        """The same rows into the same table, by one process in one transaction."""
        self.sql("TRUNCATE dag_task_activity_logs", "CHECKPOINT")
        started = time.monotonic()
        self.sql("\\copy dag_task_activity_logs FROM '%s' WITH (FORMAT binary)" % self.activities)
        return {"rows": self.filled["activities"] / (time.monotonic() - started)}


def main():
    wal, work, address, out, rounds = sys.argv[1:6]
    lines = os.environ.get("LINES_FILE")
    if not lines:
        lines = os.path.join(work, "lines")
        multiplied(os.path.join(work, "sample.ndjson"), lines, 5 if os.environ.get("QUICK") == "1" else 26)
    m = Measurements(wal, work, address, lines)
    cases = {
        "wal ingest, SQLite": lambda: m.ingested("sqlite:" + os.path.join(work, "tasks.db")), "C++, simdjson": m.read_by_cpp,
        "wal ingest, memory": lambda: m.ingested("memory:"), "PostgreSQL, 1 worker": lambda: m.delivered(1),
        "PostgreSQL, 4 workers": lambda: m.delivered(4), "COPY": m.copied,
    }
    found = {name: [] for name in cases}
    for number in range(int(rounds)):
        for name, case in cases.items():
            found[name].append(case())
            print("round %d: %s %s" % (number + 1, name, found[name][-1]), file=sys.stderr, flush=True)
    report(found, out)


def report(found, out):
    print("%-24s %-10s %12s %12s %12s" % ("measurement", "a second", "median", "minimum", "maximum"))
    for name, results in found.items():
        for key in results[0]:
            values = [x[key] for x in results]
            print("%-24s %-10s %12.0f %12.0f %12.0f" % (name, key, statistics.median(values), min(values), max(values)))
    goals = []

    def goal(text, least, values):
        measured = statistics.median(values)
        goals.append({
            "text": text, "bound": "atLeast", "goal": least, "measured": measured, "minimum": min(values), "maximum": max(values),
            "met": measured >= least})
        print("%s: %.3g [%.3g - %.3g] (goal: at least %g)" % (text, measured, min(values), max(values), least))

    def ratios(ours, theirs, key):
        return [a[key] / b[key] for a, b in zip(found[ours], found[theirs])]

    goal("rows into PostgreSQL, 1 worker, to COPY", 0.75, ratios("PostgreSQL, 1 worker", "COPY", "rows"))
    goal("rows into PostgreSQL, 4 workers, to COPY", 1, ratios("PostgreSQL, 4 workers", "COPY", "rows"))
    goal("wal ingest, lines into the log while SQLite takes them, to simdjson", 0.6, ratios("wal ingest, SQLite", "C++, simdjson", "into_log"))
    goal("wal ingest, lines through into memory a second", 1e6, [x["through"] for x in found["wal ingest, memory"]])
    with open(os.path.join(out, "tool.json"), "w", encoding="utf-8") as file:
        json.dump({"measurements": found, "goals": goals}, file, indent=1)


main()
