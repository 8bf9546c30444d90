#!/usr/bin/env python3
"""Cuts the power of a virtual machine that uses a log, and checks its disk: see Scripts/power-cuts."""

import argparse
import collections
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import disk
from machine import Machine, Unavailable

WORKLOADS = ["always", "interval", "batches", "retention", "tasks"]
# The guest's first mark comes before it opens the log, the second one afterwards.
MARK_OPENING, MARK_WORK = 1, 2
LIFE = ["work", "opening", "work"]
UNAVAILABLE = 69


class Life:
    """One disk and its cuts. The seed determines them."""

    def __init__(self, seed):
        self.seed = seed
        self.workload = WORKLOADS[seed % 5]
        self.file_system = ["ext4", "xfs"][seed % 2]
        self.order = ["unordered", "ordered"][seed // 2 % 2]
        self.chance = random.Random(seed)

    def cut(self, kind):
        if kind == "opening":
            return self.chance.choice([0, MARK_OPENING, MARK_OPENING]), self.chance.randint(1, 40)
        return MARK_WORK, int(10 ** self.chance.uniform(0, 3))


def check(image, life, reports, guest, mount_point):
    """Mounts an image, and checks it with the guest program. Returns the findings."""
    # All outcomes have one UUID, and XFS refuses a second one while the first is mounted in any namespace.
    options = "loop,nouuid" if life.file_system == "xfs" else "loop"
    mount = subprocess.run(
        ["mount", "-o", options, "-t", life.file_system, image, mount_point], capture_output=True, text=True)
    if mount.returncode:
        return [f"MOUNT {mount.stderr.strip()}"]
    try:
        found = subprocess.run(
            [guest, "check", mount_point, life.workload, str(life.seed), reports], capture_output=True, text=True,
            errors="replace", timeout=600)
    finally:
        subprocess.run(["umount", mount_point], check=True)
    if found.returncode == 0:
        return []
    return found.stdout.splitlines() or [f"CHECK ended with {found.returncode}: {found.stderr[-500:]}"]


class Run:
    def __init__(self, machine, options, work):
        self.machine, self.options, self.work = machine, options, work
        self.table = collections.defaultdict(collections.Counter)
        self.found = 0
        (work / "mount").mkdir()

    def life(self, seed, cuts):
        life = Life(seed)
        image, cache, reports = self.work / "image", self.work / "cache", self.work / "reports"
        disk.make(image, life.file_system)
        reports.write_bytes(b"")
        for boot, kind in enumerate(LIFE[:cuts], 1):
            if not self.cut(life, boot, kind, image, cache, reports):
                return

    def cut(self, life, boot, kind, image, cache, reports):
        start = time.monotonic()
        mark, write = life.cut(kind)
        cache.unlink(missing_ok=True)
        serial, console = self.work / "serial", self.work / "console"
        ended = self.machine.boot(
            image, life.file_system, f"work /disk {life.workload} {boot} {life.seed}", serial, console, (mark, write, cache))
        said = serial.read_bytes()
        with open(reports, "ab") as file:
            file.write(said)
        row = self.table[life.workload, life.file_system, life.order, kind]
        row["cuts"] += 1
        findings = []
        if not ended:
            findings.append("HANGS the guest didn't end")
        if not cache.exists():
            findings.append("CUT the power wasn't cut: " + said.decode(errors="replace")[-300:])
            self.report(life, boot, row, findings, [image, reports, serial, console])
            return False
        kept = []
        first = None
        for outcome in range(self.options.outcomes):
            left = self.work / f"left-{outcome}"
            kept.append(disk.lose(
                image, cache, left, life.order, f"{life.seed}/{boot}/{outcome}", life.file_system))
            if outcome == 0:
                first = self.work / "first"
                disk.copy(left, first)
            row["outcomes"] += 1
            found = check(left, life, reports, self.options.guest, self.work / "mount")
            if found:
                findings += [f"outcome {outcome}: {one}" for one in found]
            left.unlink()
        self.report(life, boot, row, findings, [image, cache, reports, serial, console])
        os.replace(first, image)
        lines = said.count(b"\nA ") + said.count(b"\nK ")
        print(
            f"seed {life.seed} boot {boot}: {life.workload} {life.file_system} {life.order} {kind}, power off at write {write} "
            f"after mark {mark}, {kept[0][0]} of {kept[0][1]} cached sectors kept, {lines} acknowledged, "
            f"{len(findings)} findings, {time.monotonic() - start:.0f} s", flush=True)
        return not findings

    def report(self, life, boot, row, findings, files):
        if not findings:
            return
        row["findings"] += 1
        row["losses"] += any("LOSS" in one for one in findings)
        self.found += 1
        kept = pathlib.Path(self.options.keep) / f"seed-{life.seed}-boot-{boot}"
        kept.mkdir(parents=True, exist_ok=True)
        for file in files:
            if file.exists():
                disk.copy(file, kept / file.name)
        text = "\n".join(findings[:20])
        (kept / "findings").write_text(text + "\n")
        print(
            f"FOUND seed {life.seed} boot {boot}, {life.workload} {life.file_system} {life.order}:\n{text}\n"
            f"The image is in {kept}. To repeat it: Scripts/power-cuts {boot} --seed {life.seed} "
            f"--outcomes {self.options.outcomes}", file=sys.stderr, flush=True)

    def print_table(self):
        columns = ["cuts", "outcomes", "findings", "losses"]
        total = collections.Counter()
        print(f"\n{'workload':<11}{'file system':<13}{'loss':<11}{'cut at':<9}" + "".join(f"{c:>10}" for c in columns))
        for key, row in sorted(self.table.items()):
            print(f"{key[0]:<11}{key[1]:<13}{key[2]:<11}{key[3]:<9}" + "".join(f"{row[c]:>10}" for c in columns))
            total.update(row)
        print(f"{'all':<44}" + "".join(f"{total[c]:>10}" for c in columns))


def main():
    parser = argparse.ArgumentParser(prog="Scripts/power-cuts", description=__doc__)
    parser.add_argument("cuts", type=int, help="the number of cuts; 0 only prepares the machine")
    parser.add_argument("--seed", type=int, default=1, help="the seed of the first disk; each has up to three cuts")
    parser.add_argument("--outcomes", type=int, default=4, help="the number of checked images of each cut (default 4)")
    parser.add_argument("--keep", default=tempfile.gettempdir() + "/wal-power-cuts", help="the directory in which findings are kept")
    parser.add_argument("--directory", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--guest", required=True, help="the built guest program; nothing is built or installed")
    options = parser.parse_args()
    # A test runner's threads block signals, and child processes inherit that. nbdkit ends by a signal.
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    # If this process is terminated, the machine must end, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        if os.geteuid():
            raise Unavailable("mounting images needs root")
        if not os.path.exists("/dev/loop-control"):
            raise Unavailable("mounting images needs loop devices")
        machine = Machine(options.directory, options.guest)
    except Unavailable as error:
        print(f"No power cuts: {error}", file=sys.stderr)
        sys.exit(UNAVAILABLE)
    if not options.cuts:
        return
    work = pathlib.Path(tempfile.mkdtemp(prefix="wal-power-cuts."))
    run = Run(machine, options, work)
    try:
        left, seed = options.cuts, options.seed
        while left > 0:
            run.life(seed, left)
            left -= len(LIFE)
            seed += 1
    finally:
        run.print_table()
        shutil.rmtree(work)
    sys.exit(1 if run.found else 0)


main()
