#!/usr/bin/env python3
"""Measures durable flows beside DBOS Transact on SQLite and PostgreSQL, and beside bare records.

    Benchmarks/flows [ROUNDS]     3 if not given

Each round takes the measurements in turn. Prints medians with minimum and maximum, the ratios of the goals, and writes flows.json into
the results. DBOS_COUNT workflows a round (100) of DBOS, which takes about a second for them.
"""

import json
import os
import statistics
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PEER = os.path.join(ROOT, "Benchmarks", "dbos_peer.py")


def measure(command, environment=None):
    """The JSON object that the last line of a command is."""
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **(environment or {})}, timeout=900)
    for line in reversed(done.stdout.splitlines()):
        if line.startswith("{"):
            return json.loads(line)
    sys.exit("%s: exit code %d\n%s" % (" ".join(command), done.returncode, done.stderr[-2000:]))


def main():
    flows, python, scratch, postgres, out, rounds = sys.argv[1:7]
    quick = os.environ.get("QUICK") == "1"
    count = 5000 if quick else 30000
    dbos = os.environ.get("DBOS_COUNT", "50" if quick else "100")

    def ours(name, *options):
        return lambda: measure([flows, name, scratch] + list(options))

    def peer(address, *options):
        return lambda: measure([python, PEER, scratch, address, dbos] + list(options))

    def recovery(number):
        def run():
            subprocess.run([flows, "fill", scratch, "--count", str(number)], capture_output=True, timeout=900)
            return measure([flows, "recover", scratch])
        return run

    cases = {
        "records": ours("records", "--count", str(count)),
        "steps, written": ours("written", "--count", str(count)),
        "steps, written, activities of tasks only": ours("written", "--count", str(count), "--tasks-only"),
        "steps, written, SQLite": ours("written", "--count", str(count), "--store", "sqlite"),
        "steps, durable, 1 in flight": ours("durable", "--count", str(count // 50), "--in-flight", "1"),
        "steps, durable, 64 in flight": ours("durable", "--count", str(count // 3), "--in-flight", "64"),
        "steps, durable, 64 in flight, PostgreSQL": ours(
            "durable", "--count", str(count // 3), "--in-flight", "64", "--store", "postgres", "--postgres", postgres),
        "steps, durable, 1,000 in flight": ours("durable", "--count", str(count), "--in-flight", "1000"),
        "lone durable append": ours("lone-append", "--count", "2000"),
        "lone durable step": ours("lone-step", "--count", "2000"),
        "fan-out, 1,000": ours("fan-out", "--count", "1000"),
        "fan-out, 100,000": ours("fan-out", "--count", "100000"),
        "recovery, 10,000 tasks": recovery(10000),
        "DBOS, SQLite, 1 in flight": peer("sqlite", "1"),
        "DBOS, PostgreSQL, 1 in flight": peer(postgres, "1"),
        "DBOS, PostgreSQL, 64 in flight": peer(postgres, "64"),
    }
    found = {name: [] for name in cases}
    for number in range(int(rounds)):
        for name, run in cases.items():
            found[name].append(run())
            print("round %d: %s %s" % (number + 1, name, found[name][-1]), file=sys.stderr, flush=True)

    def median(name, key):
        return statistics.median(x[key] for x in found[name])

    print("%-44s %-26s %12s %12s %12s" % ("measurement", "figure", "median", "minimum", "maximum"))
    for name, results in found.items():
        for key in results[0]:
            values = [x[key] for x in results]
            print("%-44s %-26s %12.1f %12.1f %12.1f" % (name, key, statistics.median(values), min(values), max(values)))
    rate = "steps_per_second"
    goals = [
        ("durable, 64 in flight / DBOS on PostgreSQL, 64 in flight (goal: at least 50)",
         median("steps, durable, 64 in flight", rate) / median("DBOS, PostgreSQL, 64 in flight", rate)),
        ("written / bare records with the same coder (goal: at least 0.5)",
         median("steps, written", rate) / median("records", rate)),
        ("lone durable step / lone durable append, p50 (goal: at most 1.5)",
         median("lone durable step", "p50_us") / median("lone durable append", "p50_us")),
        ("recovery of 10,000 live tasks to the first step, s (goal: at most 0.2)",
         median("recovery, 10,000 tasks", "seconds_to_first_step")),
        ("fan-out of 100,000, bytes of memory an element (goal: at most 1,024)",
         median("fan-out, 100,000", "bytes_of_memory_per_element")),
        ("written steps a second (goal: at least 100,000)", median("steps, written", rate)),
    ]
    for text, value in goals:
        print("%s: %.2f" % (text, value))
    with open(os.path.join(out, "flows.json"), "w", encoding="utf-8") as file:
        json.dump(found, file, indent=1)


main()
