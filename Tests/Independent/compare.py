#!/usr/bin/env python3
"""Compares the reader in walreader.py with the tool, for undamaged logs and for logs with random damage.

    compare.py --wal BINARY --sample FILE [--cases N] [--seed S] [--only CASE] [--keep DIR]

The sample is text that `wal ingest` accepts, with one record on each line. The tool makes a few logs of it, and is killed while it
makes some of them. This program builds other logs from FORMAT.md, byte by byte. All records of the undamaged logs are compared. Then
each case damages a copy, and `wal verify --json` must find the same as walreader.py. A case depends only on the seed and its number.
The last line is `N passed, M failed`. The exit code is 1 on disagreement.
"""

import argparse
import datetime
import gzip
import json
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import walreader as wal  # noqa: E402

CLASSES = wal.CLASSIFICATIONS


# Writing

class Writer:
    """Writes logs according to FORMAT.md, as segments in memory."""

    def __init__(self, rng, boot_id):
        self.rng, self.boot_id, self.log_id = rng, boot_id, rng.randbytes(16)
        self.segments, self.cursors = [], b""

    def begin(self, number, capacity, gap=0):
        last = self.segments[-1] if self.segments else None
        self.segments.append({
            "number": number, "capacity": capacity, "incarnation": self.rng.getrandbits(64) | 1, "frames": bytearray(),
            "index": 0, "base": last["base"] + last["index"] + gap if last else 1, "boot": self.boot_id,
            "position": last["position"] + last["end"] if last else 0, "last": last, "footer": None, "end": 1024,
            "readable": 0, "payloads": 0})

    def header(self, s):
        last = s["last"]
        data = wal.Header.FORMAT.pack(
            wal.MAGIC, 1, 0, 1, 0, 0, self.log_id, s["number"], s["incarnation"], s["capacity"], s["base"],
            s["position"], 0, s["boot"], 1700000000000000, last["number"] if last else 0,
            last["incarnation"] if last else 0, last["end"] if last else 0,
            last["base"] + last["index"] - 1 if last else 0, 0)
        data += bytes(508 - len(data))
        return data + struct.pack("<I", wal.crc32c(data))

    def frame(self, kind, body, count, durable):
        """`durable`: the log position up to which the log is durable, or None for unknown."""
        s = self.segments[-1]
        o = s["end"]
        distance = 0xFFFFFFFF if durable is None else (s["position"] + o - durable) // 8
        rest = struct.pack("<IIQ", s["index"], distance, kind | 1700000000000000 << 8) + body
        rest += bytes(-len(rest) % 8)
        length = wal.FRAME_HEADER + len(body)
        crc = wal.crc32c(self.log_id + struct.pack("<QII", s["incarnation"], o, length) + rest)
        if kind == wal.FOOTER:
            s["footer"] = struct.pack("<II", length, crc) + rest
            return
        if o + 8 + len(rest) > s["capacity"] - 512:
            return
        s["frames"] += struct.pack("<II", length, crc) + rest
        s["end"] += 8 + len(rest)
        s["index"] += count
        s["readable"] += count if kind in (wal.RECORD, wal.BATCH) else 0
        if kind == wal.RECORD:
            s["payloads"] += len(body)
        elif kind == wal.BATCH:
            s["payloads"] += len(body) - 16 - 4 * count
        elif kind == wal.CURSORS:
            self.cursors = body

    def claim(self, size):
        """A place that was claimed and abandoned. Other writers may claim less than a frame's header."""
        s = self.segments[-1]
        if s["end"] + size <= s["capacity"] - 512:
            s["frames"] += bytes(size)
            s["end"] += size

    def footer(self):
        s = self.segments[-1]
        times = (1700000000000000,) * 2 if s["readable"] else (0, 0)
        body = struct.pack("<QQqqQQQQ", s["base"], s["base"] + s["index"] - 1, *times, s["readable"], s["payloads"], 0,
                           len(self.cursors))
        self.frame(wal.FOOTER, body + self.cursors + struct.pack("<Q8s", s["end"], wal.FOOTER_MAGIC), 0, None)

    def files(self):
        result = {}
        for s in self.segments:
            data = self.header(s) * 2 + bytes(s["frames"])
            if s["footer"] and s["sealed"]:
                data += s["footer"]
            else:
                data += bytes(s["capacity"] - len(data))
            result["%020d.wal" % s["number"]] = data
        return result


def lz4(data):
    """A block in the LZ4 block format, with the nearest matches of four bytes."""
    out, seen, anchor, at = bytearray(), {}, 0, 0

    def sequence(literals, distance, count):
        extra = count - 4 if distance else 0
        out.append(min(len(literals), 15) << 4 | min(extra, 15))
        for rest in [len(literals)] * (len(literals) >= 15):
            out.extend(b"\xff" * ((rest - 15) // 255) + bytes([(rest - 15) % 255]))
        out.extend(literals)
        if distance:
            out.extend(struct.pack("<H", distance))
            for rest in [extra] * (extra >= 15):
                out.extend(b"\xff" * ((rest - 15) // 255) + bytes([(rest - 15) % 255]))

    while at + 12 < len(data):                          # where the last match may begin
        found, seen[data[at:at + 4]] = seen.get(data[at:at + 4]), at
        if found is None or at - found > 65535:
            at += 1
            continue
        count = 4
        while at + count < len(data) - 5 and data[at + count] == data[found + count]:
            count += 1
        sequence(data[anchor:at], at - found, count)
        at += count
        anchor = at
    sequence(data[anchor:], 0, 0)
    return bytes(out)


def literals(data):
    """A block in the LZ4 block format without a match. It is larger than its contents, of which it has at least 15 bytes."""
    rest = len(data) - 15
    return b"\xf0" + b"\xff" * (rest // 255) + bytes([rest % 255]) + data


def compressed(rng, data):
    """A segment's file, compressed."""
    def packed(plain):
        if rng.random() < 0.8 and len(lz4(plain)) < len(plain):
            return lz4(plain), len(lz4(plain))
        return plain, len(plain) | wal.STORED

    return compressed_by(data, packed)


def compressed_by(data, packed):
    """A segment's file, compressed by a function that gives the block and the size field for a part of the plain file."""
    frame, entries = struct.pack("<IBBQB", 0x184D2204, 0x6C, 0x40, len(data), 0), b""
    for start in range(0, len(data), wal.BLOCK):
        block, field = packed(data[start:start + wal.BLOCK])
        frame += struct.pack("<I", field) + block
        entries += struct.pack("<II", field, wal.crc32c(block))
    n = len(entries) // 8
    table = struct.pack("<II", 0x184D2A57, 536 + 8 * n) + data[512:1024] + entries + struct.pack("<QI", len(data), n)
    return frame + bytes(8) + table + struct.pack("<I", wal.crc32c(table)) + wal.TABLE_MAGIC


def compress_some(rng, files):
    """Compresses some of the segments with a footer."""
    for name in sorted(files):
        if rng.random() < 0.5 and segment_of(files, name).footer and len(files[name]) < 1 << 18:
            files[name + ".lz4"] = compressed(rng, files[name])
            if rng.random() < 0.9:
                del files[name]


def built(rng, boot_id):
    """A log of small segments, some with footers, others in the state after a power loss or a kill."""
    writer, number = Writer(rng, boot_id), rng.randint(1, 3)
    durable = 0
    policy = rng.choice(["none", "all", "some", "some", "unknown"])
    for _ in range(rng.randint(1, 5)):
        writer.begin(number, rng.choice([4096, 8192, 16384]), rng.choice([0, 0, 0, 0, 7]))
        number += rng.choice([1, 1, 1, 2])
        for _ in range(rng.randint(0, 12)):
            s = writer.segments[-1]
            here = s["position"] + s["end"]
            if policy == "all" or policy == "some" and rng.random() < 0.2:
                durable = here
            known = None if policy == "unknown" or rng.random() < 0.1 else durable
            kind = rng.choice([wal.RECORD] * 6 + [wal.BATCH] * 2 + [wal.SYNC_MARK, wal.CURSORS, wal.VOID] + [0x9A])
            body, count = rng.randbytes(rng.choice([0, 5, 60, 300])), 0
            if kind == wal.RECORD:
                count = 1
            elif kind == wal.BATCH:
                payloads = [rng.randbytes(rng.randint(0, 40)) for _ in range(rng.randint(1, 5))]
                content = struct.pack("<%dI" % len(payloads), *map(len, payloads))
                content += bytes(-len(content) % 8) + b"".join(payloads)
                body, count = struct.pack("<IBBHII", len(payloads), 0, 0, 0, len(content), len(content)) + content, \
                    len(payloads)
            elif kind == wal.VOID:
                count = rng.randint(0, 3)
            elif kind == wal.CURSORS:
                body = struct.pack("<BBHIQ", 1, 3, 0, 0, rng.randint(0, 9)) + b"abc" + bytes(5)
            elif kind == wal.SYNC_MARK:
                body = b""
            writer.frame(kind, body, count, known)
            if rng.random() < 0.05:
                writer.claim(rng.choice([8, 16, 24]))
        writer.segments[-1]["sealed"] = rng.random() < 0.6
        writer.footer()
    writer.segments[-1]["sealed"] = rng.random() < 0.3
    return writer.files()


def edges(boot_id):
    """Logs that the document allows and no writer makes: names, and files by name."""
    def entry(name, position):
        return struct.pack("<BBHIQ", 1, len(name), 0, 0, position) + name + bytes(-len(name) % 8)

    def log(*frames, seed=1, number=1):
        writer = Writer(random.Random(seed), boot_id)
        writer.begin(number, 1 << 18)
        for kind, body, count in frames:
            writer.frame(kind, body, count, None)
        writer.segments[-1]["sealed"] = True
        return writer

    first = "%020d.wal" % 1
    spellings = entry("\u00e9".encode(), 1) + entry("e\u0301".encode(), 2)
    writer = log((wal.RECORD, b"a", 1), (wal.RECORD, b"b", 1), (wal.CURSORS, spellings, 0))
    writer.segments[-1]["sealed"] = False
    yield "one name in two spellings", writer.files()
    writer = log((wal.RECORD, b"a", 1))
    writer.footer()
    data = writer.files()[first]
    other = with_headers(data, lambda h: h.__setitem__(200, 1))
    yield "a byte of no field in one copy of the header", {first: data[:512] + other[:512] + data[1024:]}
    other = with_headers(data, lambda h: h.__setitem__(10, 1))
    yield "another minor version in one copy of the header", {first: data[:512] + other[:512] + data[1024:]}
    writer = log((wal.RECORD, random.Random(2).randbytes(70000), 1), (wal.RECORD, b"b", 1))
    writer.footer()
    data = compressed_by(writer.files()[first], lambda plain: (literals(plain), len(literals(plain))))
    yield "a compressed block of more than 64 KiB", {first + ".lz4": data}
    writer = log((wal.RECORD, b"a", 1))
    writer.footer()
    writer.begin(2, 1 << 18, gap=7)
    writer.frame(wal.RECOVERY, struct.pack("<IIBB6xQQQQQ", 1, 1, 6, 0, 1, 0, 0, 0, 0), 0, None)
    writer.frame(wal.RECORD, b"b", 1, None)
    writer.segments[-1]["sealed"] = False
    yield "a finding of an unknown class", writer.files()
    writer = log((wal.RECORD, b"a", 1), (wal.RECORD, b"b", 1))
    writer.segments[-1]["sealed"] = False
    writer.begin(2, 1 << 18)
    for payload in (b"c", b"d", b"e"):
        writer.frame(wal.RECORD, payload, 1, None)
    writer.segments[-1]["sealed"] = False
    files = writer.files()
    yield "numbers that go back", {**files, first: with_headers(files[first], lambda h: struct.pack_into("<Q", h, 72, 4))}
    # Without the header that is out of reach, the two logs have one segment each, and the first one counts.
    one, two, three = (log((wal.RECORD, b"%d" % n, 1), seed=seed, number=n) for n, seed in ((1, 1), (2, 2), (3, 2)))
    three.segments[-1]["base"] = (1 << 62) + 1
    yield "two logs and a header out of reach", {**one.files(), **two.files(), **three.files()}
    # The first damaged frame of a file that ends early states more records than a segment can have.
    writer = log((wal.RECORD, b"a", 1), (wal.BATCH, b"\xff" * 64, 0))
    data = with_headers(writer.files()[first], lambda h: struct.pack_into("<Q", h, 64, 1 << 21))
    yield "a damaged batch of too many records", {first: data[:writer.segments[-1]["end"]]}


def made(binary, sample, directory):
    """Logs that the tool itself makes: names, and files by name."""
    with (gzip.open if sample.endswith(".gz") else open)(sample, "rb") as file:
        lines = [line for _, line in zip(range(2000), file)]

    def begun(path):
        """Waits until a segment has frames, so that the kill interrupts a writer."""
        for _ in range(6000):
            for name in os.listdir(path) if os.path.isdir(path) else []:
                if re.fullmatch(r"[0-9]{20}\.wal", name):
                    with open(os.path.join(path, name), "rb") as file:
                        if any(file.read(wal.FRAMES_START + 8)[wal.FRAMES_START:]):
                            return
            time.sleep(0.01)

    def run(name, command, parts, kill):
        path = os.path.join(directory, name)
        for part in parts:
            process = subprocess.Popen(
                [binary] + [path if a == "@" else a for a in command], stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                process.stdin.write(b"".join(part))
                process.stdin.flush()
                if kill:
                    begun(path)
                    time.sleep(0.4)
                    process.send_signal(signal.SIGKILL)
                process.stdin.close()
            except BrokenPipeError:
                pass
            if process.wait() != (-signal.SIGKILL if kill else 0):
                sys.exit("%s: exit code %d" % (" ".join(command), process.returncode))
        return path

    append, ingest = ["append", "@"], ["ingest", "--log", "@", "--store", "memory:", "-"]
    paths = [
        run("append", append, [lines[:100]], False),
        run("append-twice", append, [lines[:80], lines[80:200]], False),
        run("append-killed", append, [lines[:60], lines[60:150], lines[150:180]], True),
        run("append-manual-killed", append + ["--sync", "manual"], [lines[:150]], True),
        run("append-always-killed", append + ["--sync", "always"], [lines[:30], lines[30:60]], True),
        run("append-large-killed", append, [lines[:2000] * 2], True),
        run("ingest", ingest, [lines], False),
        run("ingest-killed", ingest, [lines[:1500], lines], True),
    ]
    logs = {}
    for path in paths:
        logs[os.path.basename(path)] = files = {}
        for name in os.listdir(path):
            if re.fullmatch(r"[0-9]{20}\.wal", name):
                with open(os.path.join(path, name), "rb") as file:
                    data = file.read(wal.FRAMES_START)
                    if struct.unpack_from("<I", data, 12)[0] == 1:
                        files[name] = data + file.read()
                        last = len(files[name].rstrip(b"\0"))
                        if len(files[name]) > 1 << 22 > last:   # most of it is unused; a smaller file is faster
                            files[name] = with_headers(
                                files[name][:1 << 22], lambda h: struct.pack_into("<Q", h, 64, 1 << 22))
    return logs, paths


# The document's own examples

def examples():
    """FORMAT.md's worked damage example: the changes, the files, whether the boot is the same, and the findings."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "FORMAT.md"), encoding="utf-8") as file:
        text = file.read().split("## Worked example")[1]
    plain, damage = text.split("\n# ")[0].split("## Worked damage example")
    original = bytearray(0x558)
    for offset, row in re.findall(r"^([0-9a-f]{4})  ((?:[0-9a-f]{2} ?)+) +\|", plain, re.M):
        row = bytes.fromhex(row)
        original[int(offset, 16):int(offset, 16) + len(row)] = row
    for row in re.findall(r"^\| (.*) \|$", damage, re.M)[2:]:
        changes, boot, _, kind, offset, size, first, last, acknowledged = (cell.strip() for cell in (row + " ").split("|"))
        data = bytearray(original)
        for change in changes.split(", "):
            if change.startswith("cut"):
                del data[int(change[4:], 16):]
            elif change.startswith("grow"):
                data += bytes(int(change[5:], 16) - len(data))
            elif change != "none":
                at, value = int(change[:4], 16), bytes.fromhex(change[5:])
                data[at:at + len(value)] = value
        finding = (1, int(offset or 0), kind.strip("`"), int(size or 0), int(first or 0), int(last or 0), acknowledged == "true")
        yield changes, bytes(data), boot == "same", [finding] if kind else []


def flow_difference(line):
    """The difference between a line of the golden flow records and the reader's result for its bytes, or None."""
    text, kind, task, path = line.rstrip("\n").split("\t")
    record = wal.flow_record(bytes.fromhex(text))
    actions = {1: "pause", 2: "resume", 3: "retry", 4: "accept"}
    found = actions.get(record.get("action"), record["kind"]), record["task"]
    # An end record has the path of the failed step, but doesn't belong to that step.
    found += (record.get("path", "") if record["kind"] != "end" else "",)
    return None if found == (kind, task, path) else "flow record: %r, not %r" % (found, (kind, task, path))


def compare_example(binary, path, data, same, findings):
    """None if both find the findings of the document, and otherwise the difference."""
    boot = wal.running_boot()
    if same and not any(boot):
        return None                                     # the kernel has no boot identifier, so it is never the same
    if same:
        whole = data[:508] == data[512:1020]
        data = with_headers(data, lambda h: h.__setitem__(slice(96, 112), boot)) if whole else data
    write({"%020d.wal" % 1: data}, path)
    tool, reader = findings_of_tool(binary, path)["findings"], findings_of_reader(path, "current")[0]["findings"]
    if tool == reader == findings:
        return None
    return "example:\n    document %r\n    tool   %r\n    reader %r" % (findings, tool, reader)


# Damage

def segment_of(files, name):
    segment = wal.Segment(int(name[:20]), bytes(files[name]), name.endswith(".lz4"))
    if segment.header:
        segment.walk()
    return segment


def with_headers(data, change):
    """The file with changes and new checksums in both copies of its header."""
    header = bytearray(data[:wal.HEADER_SIZE])
    change(header)
    struct.pack_into("<I", header, 508, wal.crc32c(header[:508]))
    return bytes(header * 2) + bytes(data[wal.FRAMES_START:])


def damage(rng, files):
    """Damages one of the files. Returns a description."""
    name = rng.choice(sorted(files))
    data = bytearray(files[name])
    if name.endswith(".lz4"):
        return damage_compressed(rng, files, name)
    segment = segment_of(files, name)
    places = [f.offset for f in segment.frames] or [wal.FRAMES_START]
    used = max(wal.FRAMES_START + 8, min(len(data), getattr(segment, "end", len(data)) + 256))
    at = rng.choice([rng.randrange(0, max(1, min(used, len(data)))), rng.choice(places) + rng.randrange(0, 32)])
    at = min(at, max(0, len(data) - 1))
    what = rng.choice(["flip", "flip", "flip", "zeros", "zeros", "word", "word", "garbage", "cut", "cut", "cut frame",
                       "cut short", "open", "open", "boot", "remove", "headers", "header", "grow", "stale", "tail",
                       "misplaced", "rename", "footer", "empty", "state", "state", "copies", "interrupted"]
                      + ["shorter capacity", "stranger"])
    if not data and what not in ("remove", "rename"):
        return "nothing"
    if what == "flip":
        data[at] ^= rng.randint(1, 255)
    elif what in ("zeros", "garbage"):
        size = min(rng.choice([1, 8, 64, 512, 4096]), len(data) - at)
        data[at:at + size] = bytes(size) if what == "zeros" else rng.randbytes(size)
    elif what == "word":                                # a writer died before the commit
        at = rng.choice(places)
        data[at:at + 8] = bytes(len(data[at:at + 8]))
    elif what == "cut":
        del data[at:]
    elif what == "cut frame":
        at = rng.choice(places)
        del data[at:]
    elif what == "cut short":
        at = rng.randrange(0, min(1100, len(data)) + 1)
        del data[at:]
    elif what == "open" and segment.footer:             # the file before its footer was written
        at = segment.footer.offset
        data[at:] = bytes(max(0, segment.header.capacity - at))
    elif what == "tail" and segment.header:             # zeros from a frame on
        at = rng.choice(places)
        data[at:] = bytes(max(0, len(data) - at))
    elif what == "boot" and len(data) > wal.FRAMES_START:
        data = with_headers(data, lambda h: h.__setitem__(slice(96, 112), b"\x01" * 16))
    elif what == "remove":
        del files[name]
        return "%s: removed" % name
    elif what == "headers":
        at = rng.randrange(0, 512)
        for o in (at, at + 512):
            if o < len(data):
                data[o] ^= 1
    elif what == "header":
        at = rng.randrange(0, min(1024, len(data)))
        data[at] ^= 1 << rng.randrange(8)
    elif what == "grow":
        data += bytes(rng.choice([1, 8, 4096]))
    elif what == "stale" and len(places) > 1:           # a frame over another one
        a, b = rng.sample(segment.frames, 2)
        at = a.offset
        data[at:at + b.end - b.offset] = data[b.offset:b.end]
    elif what == "misplaced":                           # another file's bytes
        other = files[rng.choice(sorted(files))]
        at &= ~511
        data[at:at + 512] = other[at:at + 512]
    elif what == "rename":
        high = [(1 << 61) - 1, 1 << 61, (1 << 62) - 1, 1 << 63, (1 << 63) + 1, (1 << 64) - 1]
        number = rng.choice([rng.randint(1, 12)] * 6 + high)
        new = "%020d.wal" % number
        if new not in files:
            is_last = name == max(files)
            del files[name]
            if is_last and number in high and len(data) >= wal.FRAMES_START and rng.random() < 0.5:
                data = with_headers(data, lambda h: struct.pack_into("<Q", h, 48, number))
            files[new] = bytes(data)
        return "%s: renamed %s" % (name, new)
    elif what == "stranger" and len(data) > wal.FRAMES_START:
        data = with_headers(data, lambda h: h.__setitem__(32, h[32] ^ 1))
    elif what == "footer" and segment.footer:
        at = rng.randrange(segment.footer.offset, len(data))
        data[at] ^= rng.randint(1, 255)
    elif what == "shorter capacity" and segment.header:
        at = rng.choice(places)
        data = with_headers(data, lambda h: struct.pack_into("<Q", h, 64, at))
    elif what in ("state", "copies") and len(data) >= wal.FRAMES_START:     # whole headers with other contents
        at = rng.choice([0, 512])
        offset, value = (12, rng.choice([0, 0, 2])) if what == "state" else rng.choice([(56, 77), (104, 1), (12, 0)])
        changed = with_headers(data, lambda h: struct.pack_into("<I", h, offset, value))
        if what == "state" and rng.random() < 0.5:
            data = bytearray(changed)
        else:
            data[at:at + 512] = changed[:512]
    elif what == "interrupted" and len(data) >= wal.FRAMES_START:           # a power loss while both copies were written
        for start in (0, 512):
            at = start + rng.randrange(72, 509)
            data[at:start + 512] = bytes(start + 512 - at)
            data[start + 12:start + 16] = bytes(4)
    elif what == "empty":
        at = 0
        data = bytearray()
    files[name] = bytes(data)
    return "%s: %s at %d" % (name, what, at)


def damage_compressed(rng, files, name):
    data = bytearray(files[name])
    table_size = 544 + 8 * (struct.unpack_from("<I", data, len(data) - 16)[0] if len(data) > 600 else 1)
    what = rng.choice(["flip", "flip", "table", "table", "zeros", "garbage", "cut", "cut", "grow", "remove", "rename", "plain",
                       "unpack"])
    at = rng.randrange(0, max(1, len(data)))
    if what == "flip" and data:
        data[at] ^= 1 << rng.randrange(8)
    elif what == "table" and data:
        at = rng.randrange(max(0, len(data) - table_size), len(data))
        data[at] ^= rng.randint(1, 255)
    elif what in ("zeros", "garbage"):
        # Not in the table, too: the table decides whether a changed block counts.
        size = max(0, min(rng.choice([1, 64, 512, 4096]), len(data) - table_size - at))
        data[at:at + size] = bytes(size) if what == "zeros" else rng.randbytes(size)
    elif what == "cut":
        del data[at:]
    elif what == "grow":
        data += bytes(8)
    elif what == "remove":
        del files[name]
        return "%s: removed" % name
    elif what == "rename":
        new = "%020d.wal.lz4" % rng.randint(1, 12)
        if new not in files:
            files[new] = files.pop(name)
        return "%s: renamed %s" % (name, new)
    elif what == "unpack":                              # `lz4 -d`, ended early
        plain, _ = wal.plain_file(data)
        files[name[:24]] = bytes(plain[:rng.choice([0, 500, 1024, len(plain) // 2, len(plain)])])
        return "%s: unpacked %d of %d" % (name, len(files[name[:24]]), len(plain))
    elif what == "plain":                               # under the plain file's name it is none
        files[name[:24]] = files.pop(name)
        return "%s: called plain" % name
    files[name] = bytes(data)
    return "%s: %s at %d" % (name, what, at)


# Comparing

def findings_of_tool(binary, path):
    process = subprocess.run([binary, "verify", "--json", path], capture_output=True)
    try:
        answer = json.loads(process.stdout)
    except ValueError:
        return {"error": process.stderr.decode(errors="replace").strip(), "exit": process.returncode}
    return {"exit": process.returncode, "damaged": answer["damaged"], "records": answer["records"],
            "findings": sorted((f["segment"], f["offset"], f["classification"], f["bytes"], f["first_sequence"] or 0,
                                f["last_sequence"] or 0, f["acknowledged"]) for f in answer["findings"])}


def findings_of_reader(path, boot):
    try:
        log = wal.Log(path, boot)
    except wal.Refused as error:
        return {"error": str(error), "exit": 1}, None
    return {"exit": int(log.damage), "damaged": log.damage, "records": sum(1 for _ in log.records(set_aside=True)),
            "findings": sorted((f["segment"], f["offset"], CLASSES[f["class"]], f["bytes"], f["firstSequence"],
                                f["lastSequence"], f["acknowledged"]) for f in log.findings)}, log


def dumped(binary, path):
    """The tool's exit code, the records that it prints (sequence, time, and the payload, or its size if the tool decodes it), and the
    gaps that it prints: those whose records were acknowledged, or may have been."""
    process = subprocess.run([binary, "dump", "--json", path], capture_output=True)
    lines = [json.loads(line) for line in process.stdout.splitlines()]
    gaps = [line["gap"] for line in lines if "gap" in line]
    gaps = [(gap["first"], gap["last"], gap["reason"], gap["acknowledged"]) for gap in gaps]
    lines = [line for line in lines if "gap" not in line]
    if all(line["type"] == "record" for line in lines):
        return process.returncode, [(x["sequence"], x["time"], bytes.fromhex(x["hex"])) for x in lines], gaps
    process = subprocess.run([binary, "dump", path], capture_output=True)    # for task events, only the text has sequence numbers
    records = []
    for line in process.stdout.splitlines():
        sequence, stamp, size = line.split(b"\t")[:3]
        records.append((int(sequence), stamp.decode(), int(size)))
    return process.returncode, records, gaps


def joined(gaps):
    """The gaps, with adjoining ones of the same kind merged."""
    result = []
    for first, last, reason, acknowledged in gaps:
        if result and result[-1][2:] == (reason, acknowledged) and result[-1][1] == first - 1:
            first = result.pop()[0]
        result.append((first, last, reason, acknowledged))
    return result


def same_record(theirs, ours):
    stamp = datetime.datetime.fromtimestamp(0, datetime.timezone.utc) + datetime.timedelta(microseconds=ours[1])
    want = stamp.strftime("%Y-%m-%dT%H:%M:%S.") + "%06d" % stamp.microsecond
    payload = len(ours[2]) if isinstance(theirs[2], int) else ours[2]
    fraction = theirs[1].rstrip("Z")
    return theirs[0] == ours[0] and theirs[2] == payload and (want if "." in fraction else want[:19]).startswith(fraction)


def named(binary, path, log, repaired=False):
    """The difference in the cursors, the bookmarks and the footers, or None."""
    process = subprocess.run([binary, "inspect", "--json", path], capture_output=True)
    answer, state = json.loads(process.stdout), log.cursors()
    for kind, key in ((1, "cursors"), (2, "bookmarks")):
        ours = {name: entry.position for (k, name), entry in state.items() if k == kind}
        if {wal.same_name(name): position for name, position in answer[key].items()} != ours:
            return "inspect: %s\n    tool   %r\n    reader %r" % (key, answer[key], ours)
    # Cursors of a lost frame may be in later footers only.
    errors = [e for e in log.footer_errors() if not (repaired and e.endswith("cursors"))]
    return "; ".join(errors) or None


def repaired(binary, path, boot, before):
    """The difference after the tool has repaired the log in place, or None."""
    process = subprocess.run([binary, "repair", "--apply", path], capture_output=True)
    if process.returncode not in (0, 1):
        return "repair: exit code %d, %s" % (process.returncode, process.stderr.decode(errors="replace").strip())
    again, log = findings_of_reader(path, boot)
    if log is None or again["findings"]:
        return "repair: the reader finds %r afterwards" % (again,)
    kept, records = list(before.records()), list(log.records())
    if records != kept:
        return "repair: %d records were whole, %d afterwards; the first that differs: %r" % (
            len(kept), len(records), next(((a[0], b[0]) for a, b in zip(kept, records) if a != b), None))
    position, least = log.segments[-1].header.position, before.recovery.least_position()
    if position < least:
        return "repair: the fresh segment begins at the log position %d, not at %d or above" % (position, least)
    lost = missing(log, {True, None}) & missing(before, {False})
    if lost:
        return "repair: %d was never acknowledged, and is lost afterwards" % min(lost)
    return compare(binary, path, boot) or named(binary, path, log, repaired=True)


def missing(log, answers):
    """The numbers in a reader's gaps of which these were acknowledged, were not, or may have been."""
    gaps = [item for item in log.read() if isinstance(item, dict) and item["acknowledged"] in answers and item["last"]]
    return {number for gap in gaps for number in range(gap["first"], min(gap["last"], gap["first"] + (1 << 16)) + 1)}


def repairable(log):
    """Whether to compare the tool's repair: the log must have damage, and a part that remains."""
    return log.findings and log.segments


def compare(binary, path, boot):
    """The difference between the two, or None."""
    tool = findings_of_tool(binary, path)
    reader, log = findings_of_reader(path, boot)
    if "error" in tool and "error" in reader:
        return None
    if tool != reader:
        return "verify:\n    tool   %r\n    reader %r" % (tool, reader)
    if log and not log.segments:
        return None                                     # the tool has nothing to dump
    if not log:
        return None
    return compare_reading(binary, path, log) or compare_steps(binary, path, log)


def compare_steps(binary, path, log):
    """The difference between the steps of the tool's opening and those of the reader, or None."""
    process = subprocess.run([binary, "repair", "--json", path], capture_output=True)
    ours, steps = log.recovery.actions, {name: set() for name in log.recovery.actions}
    for step in json.loads(process.stdout)["steps"]:
        if step["action"] in steps and not re.match("the segment has two files|left by", step["reason"]):
            steps[step["action"]].add(step["segment"])                  # of files that a reader reads
    if steps != ours:
        return "repair: steps\n    tool   %r\n    reader %r" % (steps, ours)
    return None


def compare_reading(binary, path, log):
    """The difference between the records and gaps that the two read, or None."""
    code, theirs, gaps = dumped(binary, path)
    items = list(log.read())
    ours = [item for item in items if not isinstance(item, dict)]
    mine = [tuple(item.values()) for item in items if isinstance(item, dict) and item["acknowledged"] is not False]
    if joined(gaps) != joined(mine):
        return "dump: gaps\n    tool   %r\n    reader %r" % (gaps, mine)
    if code != (1 if gaps else 0):
        return "dump: exit code %d with the gaps %r" % (code, gaps)
    if len(theirs) != len(ours):
        return "dump: %d records, the reader has %d" % (len(theirs), len(ours))
    for a, b in zip(theirs, ours):
        if not same_record(a, b):
            return "dump:\n    tool   %r\n    reader %r" % (a, b)
    return None


def write(files, path):
    shutil.rmtree(path, ignore_errors=True)
    os.mkdir(path)
    for name, data in files.items():
        write_file(path, name, data)


def write_file(path, name, data):
    with open(os.path.join(path, name), "wb") as file:
        file.write(data)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wal", required=True, help="the tool")
    parser.add_argument("--sample", required=True, help="a text file, one record a line; may be compressed with gzip")
    parser.add_argument("--cases", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="this case alone")
    parser.add_argument("--keep", help="keep the directories of the cases that fail here")
    arguments = parser.parse_args()
    passed, failed = 0, 0

    def outcome(difference, label, path):
        nonlocal passed, failed
        if difference is None:
            passed += 1
            return
        failed += 1
        print("seed %d, %s\n  %s" % (arguments.seed, label, difference), flush=True)
        if arguments.keep:
            kept = os.path.join(arguments.keep, label.split(":")[0].replace(" ", "-"))
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(path, kept)

    with tempfile.TemporaryDirectory() as directory:
        logs, paths = made(arguments.wal, arguments.sample, directory)
        for path in paths:
            difference = compare(arguments.wal, path, "current")
            difference = difference or named(arguments.wal, path, wal.Log(path))
            outcome(difference, "whole log %s" % os.path.basename(path), path)
        path = os.path.join(directory, "case")
        golden = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "WALFlowTests", "Golden", "flow-records.tsv")
        with open(golden, encoding="utf-8") as file:
            for number, line in enumerate(file):
                outcome(flow_difference(line), "golden flow record %d" % (number + 1), directory)
        for changes, *example in examples():
            outcome(compare_example(arguments.wal, path, *example), "example: %s" % changes, path)
        # The tool's logs have the running kernel's boot identifier, if there is one.
        boot_id = next(iter(logs["append"].values()))[96:112]
        current = "current" if any(boot_id) else "other"
        for label, files in edges(boot_id):
            write(files, path)
            difference, log = compare(arguments.wal, path, "current"), wal.Log(path)
            if difference is None and not log.findings:
                difference = named(arguments.wal, path, log)
            outcome(difference, "edge: %s" % label, path)
        names = sorted(logs)
        for case in range(arguments.cases) if arguments.only is None else [arguments.only]:
            rng = random.Random("%d/%d" % (arguments.seed, case))
            boots = {"current": boot_id, "other": b"\x01" * 16}
            boot = rng.choice(sorted(boots))
            if rng.random() < 0.6:
                name, files = "built", built(rng, boots[boot])
            else:
                name = rng.choice(names)
                files = dict(logs[name])
                if boot == "other":
                    for file, data in files.items():
                        files[file] = with_headers(data, lambda h: h.__setitem__(slice(96, 112), boots[boot]))
            if rng.random() < 0.4:
                compress_some(rng, files)
            done = [damage(rng, files) for _ in range(rng.choice([0, 1, 1, 1, 1, 2, 3])) if files]
            if not files:
                files["%020d.wal" % 1] = b""
            write(files, path)
            if rng.random() < 0.1:                      # a sync has failed
                name = rng.choice(sorted(files))[:24]
                write_file(path, name + ".poisoned", b"")
                done.append(name + ".poisoned")
            label = "case %d: %s, boot identifier %s; %s" % (case, name, boot, "; ".join(done) or "nothing done")
            difference = compare(arguments.wal, path, boots["current"])
            log = findings_of_reader(path, boots["current"])[1]
            if difference is None and log is not None and case % 2 == 0 and repairable(log):
                shutil.rmtree(path + "-repaired", ignore_errors=True)
                shutil.copytree(path, path + "-repaired")
                difference = repaired(arguments.wal, path + "-repaired", boots["current"], log)
            outcome(difference, label, path)
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
