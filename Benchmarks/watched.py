#!/usr/bin/env python3
"""Measures what it costs a writer that it publishes its status, and that the live page is open.

    Benchmarks/watched [ROUNDS]     9 if not given

The two sides of a pair take turns, and each round changes which of them is first. Prints the medians of the rounds' ratios with minimum and
maximum, and writes watched.json into the results.
"""

import http.client
import json
import os
import statistics
import subprocess
import sys
import threading
import time


class Writer:
    """A process that appends, saves or idles for a number of seconds when it is asked to."""

    def __init__(self, program, work, directory, *options):
        self.process = subprocess.Popen(
            [program, work, directory, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit("the writer ended with exit code %s" % self.process.wait())
        return json.loads(line)

    def measure(self, seconds):
        self.process.stdin.write("%s\n" % seconds)
        return self.answer()

    def end(self):
        self.process.stdin.close()
        if self.process.wait():
            sys.exit("the writer ended with exit code %d" % self.process.returncode)


class Page:
    """A wal serve, and a client that does what the page does: one stream of events, and requests for the parts that have changed."""

    def __init__(self, wal, work, directory):
        token = os.path.join(work, "token")
        self.process = subprocess.Popen([wal, "serve", directory, "--port", "0", "--token-file", token], stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().strip().rstrip("/").rsplit(":", 1)[1])
        with open(token, encoding="utf-8") as file:
            self.headers = {"Authorization": "Bearer " + file.read().strip()}
        self.is_open = False

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("GET", "/api/v1/" + path, headers=self.headers)
        answer = connection.getresponse()
        if answer.status != 200:
            sys.exit("%s: %d" % (path, answer.status))
        return connection, answer

    def open(self):
        self.is_open, self.events = True, 0
        self.threads = [threading.Thread(target=each) for each in [self.listen, self.poll]]
        for thread in self.threads:
            thread.start()

    def listen(self):
        connection, answer = self.get("events?topics=status,segments,tail")
        while self.is_open:
            self.events += answer.readline().startswith(b"event:")
        connection.close()

    def poll(self):
        while self.is_open:
            for path in ["segments", "dead-letters?limit=100", "records?limit=100"]:
                connection, answer = self.get(path)
                answer.read()
                connection.close()
            time.sleep(2)

    def close(self):
        self.is_open = False
        for thread in self.threads:
            thread.join()
        return self.events

    def processor_seconds(self):
        with open("/proc/%d/stat" % self.process.pid, encoding="utf-8") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self):
        self.process.terminate()
        self.process.wait()


def pairs(rounds, sides):
    """Measures two sides in turn."""
    found = {name: [] for name in sides}
    for number in range(rounds):
        for name in list(sides)[:: 1 if number % 2 else -1]:
            found[name].append(sides[name]())
    return found


def main():
    wal, program, work, out, rounds = sys.argv[1:6]
    rounds, seconds = int(rounds), 4 if os.environ.get("QUICK") == "1" else 20
    measured = {}

    for kind in ["idle", "append"]:
        writers = {
            "with status": Writer(program, kind, os.path.join(work, kind + "-with")),
            "without": Writer(program, kind, os.path.join(work, kind + "-without"), "--without-status")}
        measured["status, " + kind] = pairs(rounds, {name: lambda x=writer: x.measure(seconds) for name, writer in writers.items()})
        for writer in writers.values():
            writer.end()

    for kind in ["append", "save"]:
        directory = os.path.join(work, kind)
        writer = Writer(program, kind, directory)
        page = Page(wal, work, directory)

        def watched():
            page.open()
            start = page.processor_seconds()
            figures = writer.measure(seconds)
            figures["server_cpu_seconds"] = page.processor_seconds() - start
            figures["events"] = page.close()
            if figures["events"] < seconds:
                sys.exit("only %d events in %d s" % (figures["events"], seconds))
            return figures

        measured["page, " + kind] = pairs(rounds, {"open": watched, "closed": lambda: writer.measure(seconds)})
        page.end()
        writer.end()
    report(measured, out)


def report(measured, out):
    goals = []

    def goal(text, most, values, unit=""):
        median = statistics.median(values)
        goals.append({
            "text": text, "bound": "atMost", "goal": most, "measured": median, "minimum": min(values), "maximum": max(values),
            "met": median <= most})
        print("%-62s %8.4g [%.4g to %.4g]%s (goal: at most %g)" % (text, median, min(values), max(values), unit, most))

    def ratios(pair, one, other, figure):
        return [figure(a) / figure(b) for a, b in zip(measured[pair][one], measured[pair][other])]

    def cpu(x):
        return x["cpu_seconds"] / x["calls"]

    # What publishing takes doesn't depend on the load, so the idle log tells its cost, which the noise of a pair under load hides.
    idle = measured["status, idle"]
    publishing = [(a["cpu_seconds"] - b["cpu_seconds"]) / a["seconds"] for a, b in zip(idle["with status"], idle["without"])]
    goal("status: processor time a second of an idle log", 1000, [1e6 * x for x in publishing], " µs")
    goal("status: that time as a share of the appends' processor time", 0.01, [
        x / (a["cpu_seconds"] / a["seconds"]) for x, a in zip(publishing, measured["status, append"]["without"])])
    goal("status: an append's time", 1.01, ratios("status, append", "with status", "without", lambda x: x["mean_ns"]))
    goal("status: processor time of all for an append", 1.01, ratios("status, append", "with status", "without", cpu))
    goal("page open: an append's time", 1.01, ratios("page, append", "open", "closed", lambda x: x["mean_ns"]))
    goal("page open: processor time of all for an append", 1.01, ratios("page, append", "open", "closed", cpu))
    goal("page open: p99 of save", 1.05, ratios("page, save", "open", "closed", lambda x: x["p99_ns"]))
    goal("page open: processor time of all for a save", 1.01, ratios("page, save", "open", "closed", cpu))
    for pair, sides in measured.items():
        for side, results in sides.items():
            figures = {key: statistics.median(x[key] for x in results) for key in sorted(results[0])}
            print("  %s, %s: %s" % (pair, side, ", ".join("%s %.4g" % item for item in figures.items())))
    with open(os.path.join(out, "watched.json"), "w", encoding="utf-8") as file:
        json.dump({"measurements": measured, "goals": goals}, file, indent=1)


main()
