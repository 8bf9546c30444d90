#!/usr/bin/env python3
"""A second reader of swift-wal's files, written from FORMAT.md alone.

    walreader.py records DIR                            NDJSON: sequence, time, payload (hexadecimal)
    walreader.py verify DIR [--boot-id current|other]   JSON: the findings; exit code 1 if there is damage
    walreader.py cursors DIR                            JSON: cursors and bookmarks

It only reads, takes no lock, and needs nothing but Python's standard library. `--boot-id` says whether the kernel that
wrote the segments still runs: current (without the option, too), all known boot identifiers are its own; other, none is.
FORMAT.md doesn't say what a boot identifier is made of, so this program can't compare it with the running kernel's.
"""

import argparse
import collections
import json
import os
import re
import struct
import sys

MAGIC, FOOTER_MAGIC, TABLE_MAGIC = b"SWIFTWAL", b"SWALFOOT", b"SWALLZ4\0"
HEADER_SIZE, FRAMES_START, FRAME_HEADER = 512, 1024, 24
RECORD, BATCH, VOID, LOST = 0x01, 0x02, 0x03, 0x04
SYNC_MARK, CURSORS, RECOVERY, FOOTER = 0x81, 0x82, 0x83, 0x84
UNKNOWN_DISTANCE = 0xFFFFFFFF
TORN, ABANDONED, CORRUPTION, MISSING, FOREIGN = (
    "torn tail", "abandoned claims", "corruption", "missing segment", "foreign segment")


class Invalid(Exception):
    """A structure that isn't as the format has it."""


class Refused(Exception):
    """A version or feature that this reader doesn't know."""


def padded(size):
    return (size + 7) & ~7


# Checksums

def _table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte >> 1) ^ 0x82F63B78 if byte & 1 else byte >> 1
        table.append(byte)
    return table


_CRC = _table()


def crc32c(data, state=0xFFFFFFFF):
    table = _CRC
    for byte in data:
        state = table[(state ^ byte) & 0xFF] ^ (state >> 8)
    return state ^ 0xFFFFFFFF


# LZ4, the block format

def lz4_block(data, size, exact=True):
    out, at, end = bytearray(), 0, len(data)

    def extended(count, at):
        if count == 15:
            while True:
                if at >= end:
                    raise Invalid("lz4: a length is cut off")
                count, at = count + data[at], at + 1
                if data[at - 1] != 255:
                    break
        return count, at

    while at < end:
        token, at = data[at], at + 1
        count, at = extended(token >> 4, at)
        if count > end - at or len(out) + count > size:
            raise Invalid("lz4: literals beyond the end")
        out += data[at:at + count]
        at += count
        if at == end:
            break                                   # the last sequence has literals only
        if at + 2 > end:
            raise Invalid("lz4: an offset is cut off")
        distance, at = data[at] | data[at + 1] << 8, at + 2
        count, at = extended(token & 15, at)
        count += 4
        if distance == 0 or distance > len(out) or len(out) + count > size:
            raise Invalid("lz4: a match outside")
        while count:                                # matches may overlap their own output
            chunk = out[-distance:][:count]
            out += chunk
            count -= len(chunk)
    if exact and len(out) != size:
        raise Invalid("lz4: content of another size")
    return bytes(out)


# Compressed segments

BLOCK, STORED = 65536, 1 << 31
BLOCKS_START = 15


def table(data):
    """The header's second copy, the blocks as (offset, size field, checksum), and the size; None if it isn't whole."""
    if len(data) < 544 + 8 or data[-8:] != TABLE_MAGIC:
        return None
    size, n, checksum = struct.unpack_from("<QII", data, len(data) - 24)
    start = len(data) - 544 - 8 * n
    if not 1 <= n <= 1 << 16 or start < 0 or not (n - 1) * BLOCK < size <= n * BLOCK:
        return None
    if struct.unpack_from("<II", data, start) != (0x184D2A57, 536 + 8 * n) or crc32c(data[start:-12]) != checksum:
        return None
    blocks, at = [], BLOCKS_START
    for i in range(n):
        field, crc = struct.unpack_from("<II", data, start + 520 + 8 * i)
        if min(BLOCK, size - i * BLOCK) > 255 * (field & ~STORED):
            return None
        blocks.append((at + 4, field, crc))
        at += 4 + (field & ~STORED)
    return (data[start + 8:start + 520], blocks, size) if at + 8 == start else None


def walk_blocks(data):
    blocks, at = [], BLOCKS_START
    while at + 4 <= len(data) and len(blocks) < 1 << 16:
        field, = struct.unpack_from("<I", data, at)
        size = field & ~STORED
        if not 1 <= size <= BLOCK or at + 4 + size > len(data) or blocks and 255 * (blocks[-1][1] & ~STORED) < BLOCK:
            break
        blocks.append((at + 4, field, None))
        at += 4 + size
    return blocks


def block_bytes(data, block, size, exact=True):
    """A block's part of the plain file; None if it doesn't give that."""
    at, field, crc = block
    stored = data[at:at + (field & ~STORED)]
    if len(stored) != field & ~STORED or crc is not None and crc32c(stored) != crc:
        return None
    try:
        plain = stored if field & STORED else lz4_block(stored, size, exact)
    except Invalid:
        return None
    return plain if len(plain) == size or not exact and len(plain) <= size else None


def plain_file(data):
    """What a compressed segment was made from, as far as it can be told, and whether its table is whole."""
    whole = table(data)
    if whole:
        copy, blocks, size = whole
        sizes = [min(BLOCK, size - i * BLOCK) for i in range(len(blocks))]
        plain = b"".join(block_bytes(data, b, s) or bytes(s) for b, s in zip(blocks, sizes))
        return (plain[:512] + copy + plain[1024:] if size >= 1024 else plain), True
    blocks = walk_blocks(data)
    if not blocks:
        return b"", False
    parts = [block_bytes(data, b, BLOCK) or bytes(BLOCK) for b in blocks[:-1]]
    return b"".join(parts) + (block_bytes(data, blocks[-1], BLOCK, exact=False) or b""), False


# Bodies

Entry = collections.namedtuple("Entry", "type name position metadata")
SNAPSHOT_ENTRY = 4


def parse_entries(body):
    entries, at = [], 0
    while at < len(body):
        if len(body) - at < 16:
            raise Invalid("an entry is cut off")
        kind, name_size, metadata_size, position = struct.unpack_from("<BBH4xQ", body, at)
        end = at + 16 + name_size + metadata_size
        if not 1 <= kind <= 5 or (metadata_size and kind != 2) or (kind == 4 and name_size):
            raise Invalid("an entry of an unknown sort")
        if padded(end) > len(body):
            raise Invalid("an entry is cut off")
        name = bytes(body[at + 16:at + 16 + name_size])
        try:
            name = name.decode("utf-8")
        except UnicodeDecodeError:
            raise Invalid("a name isn't UTF-8")
        entries.append(Entry(kind, name, position, bytes(body[at + 16 + name_size:end])))
        at = padded(end)
    return entries


Batch = collections.namedtuple("Batch", "codec payloads bookmark content_size")


def parse_batch(body):
    if len(body) < 16:
        raise Invalid("a batch is cut off")
    count, codec, flags, content_size, stored_size = struct.unpack_from("<IBB2xII", body)
    if codec > 1 or flags & ~1 or 16 + stored_size > len(body):
        raise Invalid("a batch's fields")
    stored, end = body[16:16 + stored_size], 16 + stored_size
    bookmark = None
    if flags & 1:
        entries = parse_entries(body[padded(end):])
        if len(entries) != 1 or entries[0].type != 2:
            raise Invalid("a batch's bookmark")
        bookmark = entries[0]
    elif end != len(body):
        raise Invalid("a batch's size")
    if codec == 0:
        if content_size != stored_size:
            raise Invalid("a batch's content size")
        content = bytes(stored)
    else:
        if content_size > 255 * stored_size:
            raise Invalid("a batch's content is larger than it can be")
        content = lz4_block(bytes(stored), content_size)
    at = padded(4 * count)
    if at > len(content):
        raise Invalid("a batch's sizes are cut off")
    payloads = []
    for size in struct.unpack_from("<%dI" % count, content):
        if size > len(content) - at:
            raise Invalid("a batch's payload is cut off")
        payloads.append(content[at:at + size])
        at += size
    if at != len(content):
        raise Invalid("a batch's sizes and content don't end together")
    return Batch(codec, payloads, bookmark, content_size)


Footer = collections.namedtuple(
    "Footer", "first last earliest latest readable payload_size index cursors offset")


def parse_footer(body, offset):
    if len(body) < 64 + 16:
        raise Invalid("a footer is cut off")
    first, last, earliest, latest, readable, payloads, k, entries = struct.unpack_from("<QQqqQQQQ", body)
    if 64 + 24 * k + entries + 16 != len(body):
        raise Invalid("a footer's sizes")
    if not 1 <= first <= 1 << 62 or not 0 <= last - first + 1 < 1 << 32 or payloads > 1 << 40:
        raise Invalid("a footer's counts")
    own, magic = struct.unpack_from("<Q8s", body, len(body) - 16)
    if own != offset or magic != FOOTER_MAGIC:
        raise Invalid("a footer's trailer")
    index = [struct.unpack_from("<QqQ", body, 64 + 24 * i) for i in range(k)]
    if any(i[2] % 8 or not FRAMES_START <= i[2] <= offset for i in index):
        raise Invalid("a footer's index")
    cursors = parse_entries(body[64 + 24 * k:64 + 24 * k + entries])
    return Footer(first, last, earliest, latest, readable, payloads, index, cursors, own)


# Frames

class Frame:
    __slots__ = ("offset", "length", "end", "index", "distance", "kind", "time", "body", "content", "count")

    def durable(self, position):
        """The log position up to which the log was durable when the frame, itself at `position`, was written."""
        return None if self.distance == UNKNOWN_DISTANCE else position - 8 * self.distance


class Header:
    FORMAT = struct.Struct("<8sHHIQQ16sQQQQQQ16sqQQQQQ")
    FIELDS = ("magic major minor state incompatible compatible log_id number incarnation capacity base_sequence "
              "base_position epoch boot_id created predecessor predecessor_lineage predecessor_length "
              "predecessor_last replaced").split()

    def __init__(self, data):
        for name, value in zip(self.FIELDS, self.FORMAT.unpack_from(data)):
            setattr(self, name, value)

    @classmethod
    def whole(cls, data):
        if len(data) != HEADER_SIZE or data[:8] != MAGIC or struct.unpack_from("<I", data, 508)[0] != crc32c(data[:508]):
            return False
        major, state = struct.unpack_from("<H2xI", data, 8)
        if major != 1:
            return True                                 # what other versions have there isn't known
        header = Header(data)
        return (state <= 1 and max(header.capacity, header.predecessor_length) <= 1 << 32 and
                max(header.base_sequence, header.base_position, header.epoch, header.predecessor_last) <= 1 << 62 and
                (state == 0 or (header.base_sequence > 0 and header.predecessor < header.number)))

    @classmethod
    def interrupted(cls, data, number):
        """Whether a copy that isn't whole may be a prepared one whose segment was coming into use."""
        if len(data) != HEADER_SIZE:
            return False
        header = Header(data)
        return (header.magic == MAGIC and header.major == 1 and not header.incompatible and header.state == 0
                and header.number == number and header.capacity <= 1 << 32)

    @classmethod
    def prepared(cls, data):
        return Header(data[:72] + bytes(HEADER_SIZE - 72))

    @property
    def lineage(self):
        return self.replaced or self.incarnation


Break = collections.namedtuple("Break", "offset count content following")


class Segment:
    """One file: its header, and all frames in it that are valid, with the places where they break off."""

    def __init__(self, number, data, compressed=False):
        self.number, self.compressed, self.table_whole = number, compressed, True
        if compressed:
            data, self.table_whole = plain_file(data)
        self.data = data
        self.frames, self.breaks, self.header, self.footer = [], [], None, None
        copies = [data[:HEADER_SIZE], data[HEADER_SIZE:2 * HEADER_SIZE]]
        self.copies = [Header.whole(copy) for copy in copies]
        headers = [Header(copy) for copy, whole in zip(copies, self.copies) if whole]
        if headers:
            # Of two that differ: the one of this file, then the active one, then the first.
            header = min(headers, key=lambda h: (h.major == 1 and h.number != number, h.major == 1 and h.state == 0))
        elif all(Header.interrupted(copy, number) for copy in copies):
            header = Header.prepared(copies[0])
        else:
            return
        self.header = header
        for i, copy in enumerate(copies):
            if self.copies[i] and copy != copies[0 if self.copies[0] and headers[0] is header else 1]:
                other = Header(copy)
                self.copies[i] = other.incarnation == header.incarnation and other.state == 0
        if header.major != 1:
            raise Refused("segment %d: format version %d.%d" % (number, header.major, header.minor))
        if header.incompatible:
            raise Refused("segment %d: incompatible features %#x" % (number, header.incompatible))
        self.prefix = crc32c(header.log_id + struct.pack("<Q", header.incarnation)) ^ 0xFFFFFFFF

    @property
    def prepared(self):
        return self.header is not None and self.header.state == 0

    def frame(self, o, count):
        """The frame at `o`, with `count` records before; None where there is none; `Invalid` if it is invalid."""
        if o % 8 or o + FRAME_HEADER > self.limit:
            return None
        length, checksum = struct.unpack_from("<II", self.data, o)
        if not length and not checksum:
            return None
        end = o + padded(length)
        if length < FRAME_HEADER or end > self.limit:
            raise Invalid("length")
        state = crc32c(struct.pack("<II", o, length), self.prefix) ^ 0xFFFFFFFF
        if crc32c(self.data[o + 8:end], state) != checksum:
            raise Invalid("checksum")
        frame = Frame()
        frame.offset, frame.length, frame.end = o, length, end
        frame.index, frame.distance, kind_time = struct.unpack_from("<IIQ", self.data, o + 8)
        frame.kind = kind_time & 0xFF
        frame.time = kind_time >> 8
        if frame.time >> 55:
            frame.time -= 1 << 56
        frame.body, frame.content, frame.count = self.data[o + FRAME_HEADER:o + length], None, 0
        if frame.kind not in (RECORD, BATCH, VOID, LOST) and frame.kind < 0x80:
            raise Invalid("kind")
        if frame.kind == RECORD:
            frame.count = 1
        elif frame.kind == BATCH:
            frame.content = parse_batch(frame.body)
            frame.count = len(frame.content.payloads)
        elif frame.kind == CURSORS:
            frame.content = parse_entries(frame.body)
        elif frame.kind == FOOTER:
            frame.content = parse_footer(frame.body, o)
        if frame.index < count or frame.index + frame.count > 1 << 26:
            raise Invalid("record index")
        return frame

    def valid(self, o, count):
        try:
            return self.frame(o, count)
        except Invalid:
            return None

    def next_valid(self, o, count):
        """The next valid frame at a multiple of 8 from `o` on."""
        data, limit = self.data, self.limit
        while o + FRAME_HEADER <= limit:
            if data[o:o + 8] == bytes(8):           # skip zeros quickly
                match = _NOT_ZERO.search(data, o)
                if match is None:
                    return None
                o = match.start() & ~7
                continue
            frame = self.valid(o, count)
            if frame is not None:
                return frame
            o += 8
        return None

    def find_footer(self):
        """The footer that counts, if there is one."""
        size = len(self.data)
        self.limit = min(size, self.header.capacity)
        if size >= FRAMES_START + 16 and self.data[-8:] == FOOTER_MAGIC:
            offset = struct.unpack_from("<Q", self.data, size - 16)[0]
            if FRAMES_START <= offset < size:
                footer = self.valid(offset, 0)
                if footer is not None and footer.kind == FOOTER and footer.end == size:
                    self.footer = footer

    def counts_before(self, plain):
        """Whether of a segment's two files the compressed one counts, which this is."""
        for segment in (self, plain):
            if segment.header and not segment.prepared:
                segment.find_footer()
        return (not plain.footer and self.footer is not None and self.table_whole and self.header.number == self.number
                and (not plain.header or plain.header.incarnation == self.header.incarnation))

    def walk(self):
        size = len(self.data)
        self.find_footer()
        o, count, self.ended = FRAMES_START, 0, False
        while True:
            try:
                frame, content = self.frame(o, count), "zero"
            except Invalid:
                frame, content = None, "invalid"
            if frame is None:
                following = self.next_valid(o + 8, count)
                if self.footer is not None:
                    content = "invalid"             # whoever wrote the footer had written all before
                elif following is None and len(self.data) < self.header.capacity:
                    content = "cut"
                self.breaks.append(Break(o, count, content, following))
                if following is None:
                    self.end, self.count = o, count
                    return
                frame = following
            self.frames.append(frame)
            count, o = frame.index + frame.count, frame.end
            if frame.kind == FOOTER:
                self.end, self.count, self.ended = frame.offset, count, True
                return

    @property
    def last_sequence(self):
        return self.header.base_sequence + self.count - 1

    def follows(self, other):
        return self.header.predecessor == other.number and self.header.predecessor_lineage == other.header.lineage

    def take_up(self, follower):
        """Behind a void or lost frame that ends this segment, which has no footer, where the header of the segment that
        follows says: the frame's records are known from there."""
        if (self.breaks and self.breaks[-1][3] is None and self.frames and self.frames[-1].kind in (VOID, LOST)
                and self.end == self.frames[-1].end == follower.header.predecessor_length):
            self.count = max(self.count, follower.header.predecessor_last + 1 - self.header.base_sequence)
            self.breaks[-1] = self.breaks[-1]._replace(count=self.count)


_NOT_ZERO = re.compile(rb"[^\0]")


# Logs

class Log:
    def __init__(self, directory, boot="current"):
        self.findings, self.boot, self.cut_off = [], boot, None
        self.all = []
        for name in sorted(os.listdir(directory)):
            if not re.fullmatch(r"[0-9]{20}\.wal(\.lz4)?", name):
                continue
            with open(os.path.join(directory, name), "rb") as file:
                segment = Segment(int(name[:20]), file.read(), name.endswith(".lz4"))
            if not self.all or self.all[-1].number != segment.number:
                self.all.append(segment)
            elif segment.counts_before(self.all[-1]):   # the plain one's name comes first
                self.all[-1] = segment
        self.verify()
        self.damage = any(f["class"] in (CORRUPTION, MISSING, FOREIGN) for f in self.findings)

    def same_boot(self, header):
        return any(header.boot_id) and self.boot in ("current", header.boot_id)

    def report(self, kind, segment, offset, size, first=0, last=0, acknowledged=False):
        if last < first or not first:
            first = last = 0
        self.findings.append({"class": kind, "segment": segment, "offset": offset, "bytes": size,
                              "firstSequence": first, "lastSequence": last, "acknowledged": acknowledged})

    def verify(self):
        ids = collections.Counter(s.header.log_id for s in self.all if s.header)
        log_id = ids.most_common(1)[0][0] if ids else None
        segments = []
        for segment in self.all:
            if segment.header and (segment.header.log_id != log_id or segment.header.number != segment.number):
                self.report(FOREIGN, segment.number, 0, len(segment.data))
            else:
                segments.append(segment)
        # A prepared segment that a later one follows was in use.
        self.segments, torn_there = segments, {}
        for segment in [s for s in reversed(segments) if s.prepared]:
            follower = self.follower(segment)
            if follower:
                torn_there[segment] = follower.header
            else:
                segments.remove(segment)
        for segment in torn_there:
            segment.header = None                       # only the later one knows anything about it
        for segment in segments:
            if segment.header:
                segment.walk()
        for segment in segments:
            follower = segment.header and self.follower(segment)
            if follower:
                segment.take_up(follower)
        previous, reported = None, 0
        for at, segment in enumerate(segments):
            witness = torn_there.get(segment)
            if witness and not self.same_boot(witness) and not self.durable_beyond(
                    witness.base_position - witness.predecessor_length, self.later(segment)):
                self.report(TORN, segment.number, 0, len(segment.data))
                self.cut_off = (at, 0)
                self.report_torn(segments[at + 1:], previous.last_sequence + 1 if previous else 1)
                return
            if segment.header is None:
                following = self.later(segment)     # what is lost is known at the next whole segment
                following = following[0] if following else None
                first = previous.last_sequence + 1 if previous else 1
                last = following.header.base_sequence - 1 if following else 0
                self.report(CORRUPTION, segment.number, 0, len(segment.data), first, last, True)
                continue
            if not (all(segment.copies) and segment.table_whole) and not self.header_interrupted(segment):
                self.report(CORRUPTION, segment.number, 0, FRAMES_START, acknowledged=True)
            is_told = at and segments[at - 1].header is None
            if previous and not segment.follows(previous) and not is_told:
                lost = previous.header.base_position + previous.end
                self.report(MISSING, segment.header.predecessor, 0, 0, max(previous.last_sequence, reported) + 1,
                            segment.header.base_sequence - 1,
                            self.same_boot(segment.header) or self.durable_beyond(lost, [segment] + self.later(segment)))
            for place in segment.breaks:
                if self.decide(at, segment, place) == TORN:
                    self.cut_off = (at, place[0])
                    self.report_torn(segments[at + 1:], segment.header.base_sequence + place[1])
                    return
            previous = segment
            reported = max(f["lastSequence"] for f in self.findings) if self.findings else 0

    def report_torn(self, segments, first):
        """What is behind a torn tail: segments begun behind the end, whose next sequence number is `first`."""
        for later in segments:
            if later.header:
                base = later.header.base_sequence       # up to the last valid frame, as in the segment that is torn
                self.report(TORN, later.number, 0, len(later.data), base,
                            max([base + f.index + f.count - 1 for f in later.frames], default=0))
            else:
                following = self.later(later)
                self.report(CORRUPTION, later.number, 0, len(later.data), first,
                            following[0].header.base_sequence - 1 if following else 0, True)

    def header_interrupted(self, segment):
        """Whether a header with one bad copy was being written when its writer was stopped."""
        return (not segment.compressed and (not segment.frames or not self.same_boot(segment.header))
                and not self.durable_beyond(segment.header.base_position, [segment] + self.later(segment)))

    def follower(self, segment):
        return next((s for s in self.later(segment) if s.follows(segment)), None)

    def later(self, segment):
        return [s for s in self.segments if s.header and s.number > segment.number]

    def durable_beyond(self, position, segments, broken=None, x=0):
        """Whether a frame in these segments, in the broken one only those behind x, was written when the log was
        durable beyond a log position."""
        for s in segments:
            if s.compressed and s.header.base_position + s.end > position and s is not broken:
                return True
            for f in s.frames:
                durable = f.durable(s.header.base_position + f.offset)
                if durable is not None and durable > position and (s is not broken or f.offset > x):
                    return True
        return False

    def decide(self, at, segment, place):
        x, count, content, following = place
        header = segment.header
        position = header.base_position + x
        follower = self.follower(segment)
        followed = following is not None or follower is not None and (
            follower.header.predecessor_last > header.base_sequence + count - 1
            or follower.header.predecessor_lineage == header.incarnation
            and follower.header.predecessor_length > x)
        durable = segment.compressed or self.durable_beyond(position, [segment] + self.later(segment), segment, x)
        same = self.same_boot(header)
        if durable:
            decision = CORRUPTION
        elif content == "zero":
            decision = "clean end" if not followed else ABANDONED if same else TORN
        else:
            decision = CORRUPTION if same else TORN
        if decision == "clean end":
            return decision
        first, behind = header.base_sequence + count, [f for f in segment.frames if f.offset > x]
        if following is not None:
            end, last = following.offset, header.base_sequence + following.index - 1
        elif followed:
            end = max(x, min(len(segment.data), follower.header.predecessor_length))
            last = follower.header.predecessor_last
        else:
            end, last = max(x, segment.limit), 0
        if decision == TORN:
            last = max([header.base_sequence + f.index + f.count - 1 for f in behind], default=0)
        if decision == CORRUPTION and following is None and follower is None:
            last = first + self.legible(segment, x) - 1
        self.report(decision, segment.number, x, end - x, first, last, decision == CORRUPTION)
        return decision

    def footer_errors(self):
        """Where footers don't say what the frames and the state before them say."""
        errors, state, lost = [], {}, False
        for segment in self.segments:
            if segment.header is None or segment.breaks or segment.footer is None:
                return errors                       # from here on the state isn't known
            lost = lost or segment.header.replaced or segment.header.epoch or any(f.kind == LOST for f in segment.frames)
            state = state_after(state, segment.frames)
            holders = [f for f in segment.frames if f.count]
            times, base = [f.time for f in holders] or [0], segment.header.base_sequence
            readable = sum(f.count for f in holders)
            # Of a batch, the padding behind the sizes counts.
            size = sum(len(f.body) if f.kind == RECORD else f.content.content_size - 4 * f.count for f in holders)
            footer, index = segment.footer.content, []
            for sequence, latest, offset in footer.index:
                at = next((f for f in segment.frames if f.offset == offset), None)
                before = [f.time for f in segment.frames if f.offset < offset and f.kind in (RECORD, BATCH)]
                index.append(at is not None and sequence <= base + at.index
                             and latest == max(before, default=-1 << 63))
            if footer[:6] != (base, base + segment.footer.index - 1, min(times), max(times), readable, size):
                errors.append("segment %d: the footer's numbers" % segment.number)
            if not all(index) or [i[2] for i in footer.index] != sorted(i[2] for i in footer.index):
                errors.append("segment %d: the footer's index" % segment.number)
            if apply({}, footer.cursors) != state and not lost:
                errors.append("segment %d: the footer's cursors" % segment.number)
        return errors

    @staticmethod
    def legible(segment, x):
        """How many records an invalid frame seems to have, by its header, if nothing is behind it."""
        data = segment.data[x:x + 28].ljust(28, b"\0")
        length, kind, count = struct.unpack_from("<I12xB7xI", data)
        if x + FRAME_HEADER > len(segment.data) or length < FRAME_HEADER or x + padded(length) > segment.header.capacity:
            return 0
        if any(segment.data[x + padded(length):segment.limit]):
            return 0
        return {RECORD: 1, BATCH: count}.get(kind, 0)

    def kept_frames(self, set_aside=False):
        """All valid frames of the log, with their segments; those behind a torn tail only if wanted."""
        for at, segment in enumerate(self.segments):
            if segment.header is None:
                continue
            for frame in segment.frames:
                if self.cut_off and not set_aside and (at, frame.offset) > self.cut_off:
                    return
                yield segment, frame

    def records(self, set_aside=False):
        for segment, frame in self.kept_frames(set_aside):
            sequence = segment.header.base_sequence + frame.index
            if frame.kind == RECORD:
                yield sequence, frame.time, frame.body
            elif frame.kind == BATCH:
                for i, payload in enumerate(frame.content.payloads):
                    yield sequence + i, frame.time, payload

    def cursors(self):
        """The state at the log's end: of the cursors and of the bookmarks, by name."""
        state, by_segment = {}, {}
        for segment, frame in self.kept_frames():
            by_segment.setdefault(segment.number, []).append(frame)
        lost = bool(self.findings)
        for segment in self.segments:
            frames = by_segment.get(segment.number, [])
            state = state_after(state, frames)
            lost = lost or any(f.kind == LOST for f in frames)
            if lost and frames and frames[-1] is segment.footer:
                state = apply({}, segment.footer.content.cursors)
        return state


def state_after(state, frames):
    """The state at the end of a segment with these frames, from that at the end of the one before."""
    entries = []
    for frame in frames:
        if frame.kind == CURSORS and frame.content and frame.content[0].type == SNAPSHOT_ENTRY:
            state = apply({}, frame.content)
        elif frame.kind == CURSORS:
            entries += frame.content
        elif frame.kind == BATCH and frame.content.bookmark:
            entries.append(frame.content.bookmark)
    return apply(dict(state), entries)


def apply(state, entries):
    for entry in entries:
        if entry.type in (3, 5):
            state.pop((1 if entry.type == 3 else 2, entry.name), None)
        elif entry.type in (1, 2):
            state[(entry.type, entry.name)] = entry
    return state


def main():
    parser = argparse.ArgumentParser(description="Reads swift-wal's files, as FORMAT.md has them.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("records", "verify", "cursors"):
        command = commands.add_parser(name)
        command.add_argument("directory")
        if name == "verify":
            command.add_argument("--boot-id", choices=["current", "other"], default="current")
    arguments = parser.parse_args()
    try:
        log = Log(arguments.directory, getattr(arguments, "boot_id", "current"))
    except Refused as error:
        sys.exit("refused: %s" % error)
    if arguments.command == "records":
        for sequence, time, payload in log.records():
            print(json.dumps({"sequence": sequence, "time": time, "payload": payload.hex()}))
    elif arguments.command == "cursors":
        state = log.cursors()
        print(json.dumps({
            "cursors": {name: e.position for (kind, name), e in sorted(state.items()) if kind == 1},
            "bookmarks": {name: {"position": e.position, "metadata": e.metadata.hex()}
                          for (kind, name), e in sorted(state.items()) if kind == 2}}, indent=2))
    else:
        print(json.dumps({"damage": log.damage, "findings": log.findings}, indent=2))
        sys.exit(1 if log.damage else 0)


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:
        os._exit(0)
