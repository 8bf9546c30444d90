#!/usr/bin/env python3
"""Measures a log that feeds a stream of NATS JetStream, beside C programs with the same client library.

    Benchmarks/stream [ROUNDS]     3 if not given

Servers on loopback: one and three of the distribution's version, and three of a current one, with and without `sync_interval: always`.
Each round takes the measurements in turn. Prints medians with minimum and maximum and the ratios of the goals, each the median of the
rounds' ratios, and writes stream.json into the results.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NATS = os.path.join(ROOT, "Scripts", "private-nats")


def run(command, environment=None):
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **(environment or {})}, timeout=900)
    if done.returncode:
        sys.exit("%s: exit code %d\n%s" % (" ".join(command), done.returncode, done.stderr[-2000:]))
    return done.stdout


def measure(command):
    """The JSON object that the last line of a command is."""
    return json.loads(run(command).splitlines()[-1])


class Servers:
    def __init__(self, directory, nodes, program="nats-server", jetstream=""):
        self.directory, self.nodes = directory, nodes
        self.environment = {"NATS_SERVER": program, "NATS_JETSTREAM": jetstream}
        self.list = run([NATS, "start", directory, str(nodes)], self.environment).strip()

    def url(self, stream, options=""):
        return "%s/%s?replicas=%d%s" % (self.list.replace(",nats://", ","), stream, self.nodes, options)

    def leader(self, stream):
        return run([NATS, "leader", self.directory, stream], self.environment).strip()

    def signal(self, node, name):
        run([NATS, "signal", self.directory, node, name], self.environment)

    def restart(self, node):
        run([NATS, "restart", self.directory, node], self.environment)

    def stop(self):
        run([NATS, "stop", self.directory], self.environment)


class Measurements:
    """The cases by their names, for one round. Each measures with streams and directories of its own."""

    def __init__(self, binaries, scratch, lines, sizes):
        self.stream, self.peer = os.path.join(binaries, "Stream"), os.path.join(binaries, "StreamPeer")
        self.scratch, self.lines, self.sizes = scratch, lines, sizes
        self.number = 0
        self.last = {}

    def directory(self):
        self.number += 1
        path = os.path.join(self.scratch, "stream-log-%d" % self.number)
        shutil.rmtree(path, ignore_errors=True)
        return path

    def fill(self, count):
        log = self.directory()
        run([self.stream, "fill", log, "--lines", self.lines, "--count", str(count)])
        return log

    def deliver(self, servers, options="", count=None):
        log = self.fill(count or self.sizes["records"])
        name = "s%d" % self.number
        result = measure([self.stream, "deliver", log, "--stream", servers.url(name, options)])
        shutil.rmtree(log)
        self.last[servers] = (name, result["records"])
        return result

    def lines_by_c(self, verb, servers):
        self.number += 1
        count = self.sizes[verb]
        result = measure([self.peer, verb, servers.list, "p%d" % self.number, str(servers.nodes), self.lines, str(count)])
        return {"records_per_second": result["messages_per_second"]}

    def packed_before_by_c(self, servers):
        """The messages of the stream that was delivered last, as they are: what sending alone takes."""
        name, records = self.last[servers]
        bodies = os.path.join(self.scratch, "bodies")
        measure([self.peer, "save", servers.list, name, bodies])
        self.number += 1
        result = measure([self.peer, "packed", servers.list, "p%d" % self.number, str(servers.nodes), bodies])
        return {"records_per_second": records / result["seconds"]}

    def follow(self, servers):
        replica = self.directory()
        result = measure([self.stream, "follow", replica, "--stream", servers.url(self.last[servers][0])])
        shutil.rmtree(replica)
        return result

    def read_by_c(self, servers):
        name, records = self.last[servers]
        return {"records_per_second": records / measure([self.peer, "read", servers.list, name])["seconds"]}

    def leader_dies(self, servers):
        """The longest pause of a flusher whose stream's leader is killed."""
        log = self.directory()
        name = "s%d" % self.number

        def kill():
            time.sleep(5)
            leader = servers.leader(name)
            servers.signal(leader, "KILL")
            time.sleep(5)
            servers.restart(leader)

        killer = threading.Thread(target=kill)
        killer.start()
        result = measure([self.stream, "steady", log, "--stream", servers.url(name), "--lines", self.lines, "--count", "40"])
        killer.join()
        shutil.rmtree(log)
        return result


def main():
    binaries, current, scratch, out, rounds = sys.argv[1:6]
    quick = os.environ.get("QUICK") == "1"
    sizes = {"records": 300000, "single": 3000, "pipeline": 30000} if quick else {
        "records": 1000000, "single": 8000, "pipeline": 100000}
    sizes["pack"] = sizes["records"]
    sizes["atomic"] = 100000
    directory = tempfile.mkdtemp(prefix="wal-stream-")
    servers = []
    try:
        servers = [
            Servers(directory + "/one", 1), Servers(directory + "/three", 3), Servers(directory + "/current", 3, current),
            Servers(directory + "/always", 3, current, "sync_interval: always"),
        ]
        found = measure_all(servers, Measurements(binaries, scratch, scratch + "/lines.ndjson", sizes), int(rounds), quick)
    finally:
        for each in servers:
            each.stop()
        shutil.rmtree(directory, ignore_errors=True)
    report(found)
    with open(os.path.join(out, "stream.json"), "w", encoding="utf-8") as file:
        json.dump(found, file, indent=1)


def measure_all(servers, measurements, rounds, quick):
    one, three, current, always = servers
    m = measurements
    cases = {}
    for name, each in [("R1", one), ("R3", three), ("R3 current", current)]:
        cases["%s: delivered" % name] = lambda each=each: m.deliver(each)
        cases["%s: C, packing the same messages" % name] = lambda each=each: m.lines_by_c("pack", each)
        cases["%s: C, sending the same messages" % name] = lambda each=each: m.packed_before_by_c(each)
        cases["%s: C, a record a message, 1 in flight" % name] = lambda each=each: m.lines_by_c("single", each)
        cases["%s: C, a record a message, 1,000 in flight" % name] = lambda each=each: m.lines_by_c("pipeline", each)
        cases["%s: followed" % name] = lambda each=each: m.follow(each)
        cases["%s: C, read" % name] = lambda each=each: m.read_by_c(each)
    cases["R3 current: delivered, synced always"] = lambda: m.deliver(always)
    cases["R3 current: delivered, a message a record"] = lambda: m.deliver(
        current, "&granularity=record", m.sizes["atomic"])
    # Takes a minute.
    if not quick:
        cases["R3: leader killed"] = lambda: m.leader_dies(three)
    found = {name: [] for name in cases}
    for number in range(rounds):
        for name, case in cases.items():
            found[name].append(case())
            print("round %d: %s %s" % (number + 1, name, found[name][-1]), file=sys.stderr, flush=True)
    return found


def report(found):
    print("%-48s %-24s %12s %12s %12s" % ("measurement", "figure", "median", "minimum", "maximum"))
    for name, results in found.items():
        for key in results[0]:
            values = [x[key] for x in results]
            print("%-48s %-24s %12.2f %12.2f %12.2f" % (name, key, statistics.median(values), min(values), max(values)))
    rate = "records_per_second"

    def ratio(name, other):
        ratios = [x[rate] / y[rate] for x, y in zip(found[name], found[other])]
        return "%.2f [%.2f - %.2f]" % (statistics.median(ratios), min(ratios), max(ratios))

    for name in ["R1", "R3", "R3 current"]:
        ours = name + ": delivered"
        print("%s / C, a record a message, 1 in flight (goal: at least 40): %s" % (
            name, ratio(ours, name + ": C, a record a message, 1 in flight")))
        print("%s / C, a record a message, 1,000 in flight (goal: at least 3): %s" % (
            name, ratio(ours, name + ": C, a record a message, 1,000 in flight")))
        print("%s / C, packing and sending the same messages (goal: at least 0.7): %s" % (
            name, ratio(ours, name + ": C, packing the same messages")))
        print("%s / C, only sending them: %s" % (name, ratio(ours, name + ": C, sending the same messages")))
        print("%s, followed / C, read (goal: at least 0.5): %s" % (name, ratio(name + ": followed", name + ": C, read")))
    print("R3 current, a message a record / C, 1 in flight (goal: at least 8): %s" % ratio(
        "R3 current: delivered, a message a record", "R3 current: C, a record a message, 1 in flight"))
    print("R3 current, synced always / not (goal: at least 0.35): %s" % ratio(
        "R3 current: delivered, synced always", "R3 current: delivered"))
    print("bytes stored for a byte of payload (goal: at most 0.45): %.2f" % statistics.median(
        x["stored_bytes_per_byte"] for x in found["R3: delivered"]))
    if "R3: leader killed" in found:
        print("longest pause as a leader dies, s (goal: at most 30): %.1f" % max(
            x["longest_pause"] for x in found["R3: leader killed"]))


main()
