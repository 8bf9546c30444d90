#!/usr/bin/env python3
"""Reads swift-wal's files, written from FORMAT.md alone. Each function names the section that it follows.

    walreader.py DIRECTORY [--boot HEX] [--records] [--hash]

Prints the findings of `wal verify --json`, with --records the records and gaps that a reader returns, and with --hash the records' hash.
"""

import argparse
import hashlib
import json
import os
import re
import struct
import unicodedata

# Constants

MAGIC = b"SWIFTWAL"
FOOTER_MAGIC = b"SWALFOOT"
TABLE_MAGIC = b"SWALLZ4\0"
HEADER_SIZE, FRAMES_START, FRAME_HEADER = 512, 1024, 24
RECORD, BATCH, VOID, LOST, SYNC_MARK, CURSORS, RECOVERY, FOOTER = 1, 2, 3, 4, 0x81, 0x82, 0x83, 0x84
CURSOR, BOOKMARK, CURSOR_REMOVED, SNAPSHOT, BOOKMARK_REMOVED = 1, 2, 3, 4, 5
TORN, ABANDONED, CORRUPTION, MISSING, FOREIGN = 1, 2, 3, 4, 5
CLASSIFICATIONS = {TORN: "tornTail", ABANDONED: "abandonedClaims", CORRUPTION: "corruption", MISSING: "missingSegment",
                   FOREIGN: "foreignSegment"}
CLEAN = 0                                               # a decision that is no finding
REFUSED, HEADERLESS, PREPARED, STRANGE, IN_PLACE = "refused", "headerless", "prepared", "foreign", "in place"
UNKNOWN_DISTANCE = 0xFFFFFFFF
MOST_RECORDS = 1 << 26                                  # of a segment
BLOCK, STORED = 1 << 16, 1 << 31                        # of a compressed segment
LOWEST_TIME = -(1 << 63)
REPLICA = 1                                             # an incompatible feature
HAS_BOOKMARK, HAS_TIMES = 1, 2                          # flags of a batch


class Refused(Exception):
    """The log has a version or features that this reader doesn't know."""


# Checksums

def crc_tables():
    """Tables for four bytes at once, two bytes a table."""
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)

    def advanced(value, count):
        for _ in range(count):
            value = table[value & 255] ^ value >> 8
        return value

    return table, [advanced(v, 4) for v in range(1 << 16)], [advanced(v, 2) for v in range(1 << 16)]


CRC_BYTE, CRC_LOW, CRC_HIGH = crc_tables()


def crc32c(data, before=0):
    """Checksums: CRC-32C of `data`, or of bytes with the checksum `before` followed by `data`."""
    crc, low, high = before ^ 0xFFFFFFFF, CRC_LOW, CRC_HIGH
    words = len(data) // 4
    for word in struct.unpack_from("<%dI" % words, data):
        crc ^= word
        crc = low[crc & 0xFFFF] ^ high[crc >> 16]
    for byte in data[words * 4:]:
        crc = CRC_BYTE[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def padded(size):
    """The document's head: padding fills up to the next multiple of 8."""
    return (size + 7) & ~7


# LZ4

def lz4_block(block, most):
    """The contents of a block in the LZ4 block format, or None if it is invalid or expands to more than `most` bytes."""
    out, at = bytearray(), 0

    def extended(count):
        nonlocal at
        if count == 15:
            while True:
                byte = block[at]
                at += 1
                count += byte
                if byte != 255:
                    break
        return count

    try:
        while True:
            token = block[at]
            at += 1
            count = extended(token >> 4)
            if at + count > len(block):
                return None
            out += block[at:at + count]
            at += count
            if len(out) > most:
                return None
            if at == len(block):
                return bytes(out)
            distance = block[at] | block[at + 1] << 8
            at += 2
            count = extended(token & 15) + 4
            if not 0 < distance <= len(out) or len(out) + count > most:
                return None
            start = len(out) - distance
            while count:
                piece = out[start:start + count]
                out += piece
                count -= len(piece)
    except IndexError:
        return None


# Compressed segments

def block_gives(block, field, most):
    """Compressed segments, part 1: the contents of a block, or None."""
    if len(block) > BLOCK:
        return None
    if field & STORED:
        return bytes(block) if len(block) <= most else None
    return lz4_block(block, most)


def whole_table(data):
    """Compressed segments: the table's header copy, blocks (size field, checksum) and plain size, or None if it isn't whole."""
    if len(data) < 552:
        return None
    n = struct.unpack_from("<I", data, len(data) - 16)[0]
    size = 544 + 8 * n
    if not 1 <= n <= 1 << 16 or size > len(data):
        return None
    start = len(data) - size
    table = data[start:]
    plain_size = struct.unpack_from("<Q", table, 520 + 8 * n)[0]
    blocks = [struct.unpack_from("<II", table, 520 + 8 * i) for i in range(n)]
    sizes = [field & ~STORED for field, _ in blocks]
    right = (                                                                                                   # rule 1
        struct.unpack_from("<II", table) == (0x184D2A57, 536 + 8 * n) and table[-8:] == TABLE_MAGIC
        and struct.unpack_from("<I", table, 532 + 8 * n)[0] == crc32c(table[:532 + 8 * n]))
    right = right and (plain_size + BLOCK - 1) // BLOCK == n                                                    # rule 2
    right = right and all(min(BLOCK, plain_size - i * BLOCK) <= 255 * sizes[i] for i in range(n))               # rule 3
    right = right and 15 + sum(4 + size for size in sizes) + 8 == start                                         # rule 4
    return (table[8:520], blocks, plain_size) if right else None


def plain_by_table(data, table):
    """Compressed segments: the plain file, as a reader sees it, by a whole table."""
    copy, blocks, plain_size = table
    plain, at = bytearray(), 15
    for field, crc in blocks:
        wanted = min(BLOCK, plain_size - len(plain))
        block = data[at + 4:at + 4 + (field & ~STORED)]
        at += 4 + len(block)
        part = block_gives(block, field, wanted) if crc32c(block) == crc else None
        plain += part if part is not None and len(part) == wanted else bytes(wanted)
    if plain_size >= 1024:
        plain[512:1024] = copy
    return bytes(plain)


def plain_by_blocks(data):
    """Compressed segments: the plain file by its blocks alone, where the table isn't whole."""
    blocks, at = [], 15
    while len(blocks) < 1 << 16 and at + 4 <= len(data):
        field = struct.unpack_from("<I", data, at)[0]
        size = field & ~STORED
        if not 1 <= size <= BLOCK or at + 4 + size > len(data) or blocks and len(blocks[-1][1]) < 258:
            break
        blocks.append((field, data[at + 4:at + 4 + size]))
        at += 4 + size
    parts = [block_gives(block, field, BLOCK) for field, block in blocks]
    plain = [part if part is not None and len(part) == BLOCK else bytes(BLOCK) for part in parts[:-1]]
    return b"".join(plain + [part or b"" for part in parts[-1:]])


def plain_file(data):
    """Compressed segments: the plain file, and whether the table is whole."""
    table = whole_table(data)
    return (plain_by_table(data, table), True) if table else (plain_by_blocks(data), False)


# Segment header

class Header:
    """Segment header: the fields of one copy."""

    FORMAT = struct.Struct("<8sHHIQQ16sQQQQQQ16sqQQQQQ")

    def __init__(self, copy):
        self.copy = bytes(copy)
        (self.magic, self.major, self.minor, self.state, self.incompatible, self.compatible, self.log_id, self.number,
         self.incarnation, self.capacity, self.base, self.position, self.epoch, self.boot, self.time, self.before_number,
         self.before_lineage, self.before_length, self.before_last, self.replaced) = self.FORMAT.unpack_from(copy)

    @property
    def refused(self):
        return self.major != 1 or self.incompatible & ~REPLICA != 0

    @property
    def active(self):
        return self.refused or self.state == 1

    @property
    def lineage(self):
        return self.replaced or self.incarnation

    @property
    def known(self):
        """Which copy counts, 5: the bytes of all fields but magic and version."""
        return self.copy[12:184 if self.incompatible & REPLICA else 168]


def whole_copy(data, at):
    """When a copy is whole: the copy at an offset, or None."""
    copy = data[at:at + HEADER_SIZE]
    if len(copy) < HEADER_SIZE:
        return None
    h = Header(copy)
    if h.magic != MAGIC or struct.unpack_from("<I", copy, 508)[0] != crc32c(copy[:508]):                        # 1, 2
        return None
    if h.refused:                                                                                               # 3, 4
        return h
    if h.state > 1 or h.capacity < FRAMES_START or max(h.capacity, h.before_length) > 1 << 32:                  # 5, 6
        return None
    if max(h.base, h.position, h.epoch, h.before_last) > 1 << 63:                                               # 7
        return None
    if h.state == 1 and (h.base <= h.before_last or h.before_number >= h.number):                               # 8
        return None
    return h


def copy_that_counts(copies, number):
    """Which copy counts, 1 to 3: of two copies of which at least one is whole."""
    whole = [c for c in copies if c]
    whole = [c for c in whole if c.refused or c.number == number] or whole
    whole = [c for c in whole if c.active] or whole
    return whole[0]


def bad_copy(copies, counts):
    """Which copy counts, 5: whether the other copy is a bad one."""
    other = copies[1] if counts is copies[0] else copies[0]
    if other is None:
        return True
    if not other.active and not counts.refused and other.incarnation == counts.incarnation:
        return False
    return other.refused or other.known != counts.known


def interrupted_header(data, number):
    """Which copy counts, at its end: the header of a segment whose copies were both being written, or None."""
    if len(data) < FRAMES_START:
        return None
    copies = Header(data[:512]), Header(data[512:1024])
    if any(c.magic != MAGIC or c.refused or c.state != 0 or c.number != number for c in copies):
        return None
    return Header(data[:72] + bytes(440)) if FRAMES_START <= copies[0].capacity <= 1 << 32 else None


def header_of(data, number):
    """Which copy counts: the header or None, and whether a copy is bad."""
    copies = whole_copy(data, 0), whole_copy(data, HEADER_SIZE)
    if any(copies):
        counts = copy_that_counts(copies, number)
        return counts, bad_copy(copies, counts)
    return interrupted_header(data, number), True


# The boot identifier

def boot_identifier(text):
    """The boot identifier: the bytes in a header for the kernel's text."""
    digits = re.sub(r"[-\n]", "", text)
    if not re.fullmatch("[0-9a-fA-F]{32}", digits):
        return bytes(16)
    return struct.pack("<QQ", int(digits[:16], 16), int(digits[16:], 16))


def running_boot():
    """The boot identifier: that of the running kernel."""
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return boot_identifier(file.read())
    except OSError:
        return bytes(16)


# Frames

class Frame:
    """Frames: one that is valid."""

    def __init__(self, segment, offset, length, index, distance, kind, time, body):
        self.segment, self.offset, self.length, self.index, self.distance = segment, offset, length, index, distance
        self.kind, self.time, self.body = kind, time, body
        self.end = offset + padded(length)
        self.content, self.entries, self.count = None, None, 1 if kind == RECORD else 0
        self.times, self.earliest = (), None

    @property
    def position(self):
        return self.segment.header.position + self.offset

    @property
    def durable(self):
        """Durable positions, 1: this frame's, or None."""
        if self.distance == UNKNOWN_DISTANCE or self.distance * 8 > self.position:
            return None
        return self.position - self.distance * 8

    @property
    def sequence(self):
        return self.segment.header.base + self.index

    def payloads(self):
        """Batches: the payloads of a record or batch."""
        if self.kind == RECORD:
            return [self.body]
        result, at = [], padded(4 * self.count) + (8 * self.count if self.times else 0)
        for size in struct.unpack_from("<%dI" % self.count, self.content):
            result.append(self.content[at:at + size])
            at += size
        return result


class Entry:
    """Cursors: one entry."""

    def __init__(self, kind, name, metadata, position):
        self.kind, self.name, self.metadata, self.position = kind, name, metadata, position

    @property
    def key(self):
        return (BOOKMARK if self.kind in (BOOKMARK, BOOKMARK_REMOVED) else CURSOR, same_name(self.name))


def same_name(name):
    """Cursors: one text for all names that are the same."""
    return unicodedata.normalize("NFC", name)


def cursors_entries(data):
    """Cursors: the entries of a body, or None if they aren't valid."""
    entries, at = [], 0
    while at < len(data):
        if at + 16 > len(data):
            return None
        kind, name_size, metadata_size, _, position = struct.unpack_from("<BBHIQ", data, at)
        end = at + padded(16 + name_size + metadata_size)
        if not CURSOR <= kind <= BOOKMARK_REMOVED or end > len(data):
            return None
        name = data[at + 16:at + 16 + name_size]
        try:
            name = "" if kind == SNAPSHOT else name.decode("utf-8")
        except UnicodeDecodeError:
            return None
        start = at + 16 + name_size
        entries.append(Entry(kind, name, data[start:start + metadata_size], position))
        at = end
    return entries


def valid_batch(frame):
    """When a frame is valid, the table: batch. Takes over its content and bookmark."""
    body = frame.body
    if len(body) < 16:
        return False
    start = 24 if body[5] & HAS_TIMES else 16
    if len(body) < start:
        return False
    n, codec, flags, _, content_size, stored_size = struct.unpack_from("<IBBHII", body)
    if codec > 1 or flags > 3 or padded(4 * n) > content_size:
        return False
    end = start + stored_size
    if end > len(body) or not flags & HAS_BOOKMARK and end != len(body):
        return False
    content = body[start:end]
    if codec == 1:
        possible = content_size <= 255 * stored_size and max(content_size, stored_size) < 1 << 31
        content = lz4_block(content, content_size) if possible else None
    if content is None or len(content) != content_size:
        return False
    times = 8 * n if flags & HAS_TIMES else 0
    if padded(4 * n) + times + sum(struct.unpack_from("<%dI" % n, content)) != content_size:
        return False
    if times:
        frame.times = struct.unpack_from("<%dq" % n, content, padded(4 * n))
        frame.earliest = struct.unpack_from("<q", body, 16)[0]
    if flags & HAS_BOOKMARK:
        entries = cursors_entries(body[padded(end):])
        if not entries or entries[0].kind != BOOKMARK:
            return False
        frame.entries = entries[:1]
    frame.count, frame.content = n, content
    return True


def valid_cursors(frame):
    """When a frame is valid, the table: cursors."""
    frame.entries = cursors_entries(frame.body)
    return frame.entries is not None


class Footer:
    """Footer: its fields."""

    def __init__(self, body):
        (self.first, self.last, self.earliest, self.latest, self.readable, self.payloads, self.entry_count,
         self.cursors_size) = struct.unpack_from("<QQqqQQQQ", body)


def valid_footer(frame):
    """When a frame is valid, the table: footer."""
    body, base = frame.body, frame.segment.header.base
    if len(body) < 80:
        return False
    f = Footer(body)
    if f.first != base or f.last != base + frame.index - 1 or f.payloads > 1 << 40:
        return False
    if 80 + 24 * f.entry_count + f.cursors_size != len(body):
        return False
    f.entries = [struct.unpack_from("<QqQ", body, 64 + 24 * i) for i in range(f.entry_count)]
    for sequence, _, offset in f.entries:
        if offset % 8 or not FRAMES_START <= offset < frame.offset or not f.first <= sequence <= f.last + 1:
            return False
    start = 64 + 24 * f.entry_count
    frame.entries = cursors_entries(body[start:start + f.cursors_size])
    frame.footer = f
    return frame.entries is not None and body[-16:] == struct.pack("<Q8s", frame.offset, FOOTER_MAGIC)


def valid_body(frame):
    """When a frame is valid, 8."""
    check = {BATCH: valid_batch, CURSORS: valid_cursors, FOOTER: valid_footer}.get(frame.kind)
    return check is None or check(frame)


class Break:
    """Frames and breaks: an offset that is reached and has no valid frame; `next` is the frame that is found after it."""

    def __init__(self, offset, records, next_frame):
        self.offset, self.records, self.next = offset, records, next_frame


# Segments

class Segment:
    """A segment's file: its header, footer, frames and breaks."""

    def __init__(self, number, data, compressed=False, poisoned=False):
        self.number, self.compressed, self.poisoned, self.table_whole = number, compressed, poisoned, True
        self.data = bytes(data)
        if compressed:
            self.data, self.table_whole = plain_file(self.data)
        self.size = self.end = len(self.data)
        self.header, self.bad_copy = header_of(self.data, number)
        self.frames, self.breaks, self.footer, self.counting_footer = [], [], None, None
        if self.header and not self.header.refused:
            h = self.header
            self.limit = min(self.size, h.capacity)
            self.crc = crc32c(h.log_id + struct.pack("<Q", h.incarnation))
            self.counting_footer = self.footer_that_counts()

    def has_room(self, offset):
        """When a frame is valid, 1."""
        return offset % 8 == 0 and offset + FRAME_HEADER <= self.limit

    def commit_word(self, offset):
        """Frames: the commit word at an offset. Past the end of the file it is zero."""
        return struct.unpack("<Q", self.data[offset:offset + 8].ljust(8, b"\0"))[0]

    def frame_at(self, offset, records):
        """When a frame is valid: the frame at an offset, or None. The second number is that of the records before it."""
        if not self.has_room(offset) or self.commit_word(offset) == 0:                                          # 1, 2
            return None
        length, crc, index, distance, word = struct.unpack_from("<IIIIQ", self.data, offset)
        end = offset + padded(length)
        if length < FRAME_HEADER or end > self.limit:                                                           # 3
            return None
        kind = word & 255
        if not (RECORD <= kind <= LOST or kind >= 0x80) or not records <= index <= MOST_RECORDS:                # 5 to 7
            return None
        prefix = crc32c(struct.pack("<II", offset & 0xFFFFFFFF, length), self.crc)
        if crc32c(self.data[offset + 8:end], prefix) != crc:                                                    # 4
            return None
        time = word >> 8
        time -= (time >> 55) << 56
        frame = Frame(self, offset, length, index, distance, kind, time, self.data[offset + 24:offset + length])
        return frame if valid_body(frame) and index + frame.count <= MOST_RECORDS else None                     # 8, 7

    def footer_that_counts(self):
        """Footer: the one that the file's last 16 bytes name, or None."""
        if self.size < 16:
            return None
        offset, magic = struct.unpack("<Q8s", self.data[-16:])
        if magic != FOOTER_MAGIC or offset >= self.size:
            return None
        frame = self.frame_at(offset, 0)
        return frame if frame and frame.kind == FOOTER and frame.end == self.size else None

    NOT_ZERO = re.compile(rb"[^\0]")

    def search(self, offset, records):
        """Frames and breaks, 3: the next valid frame after a break, or None."""
        at = offset + 8
        while self.has_room(at):
            if self.commit_word(at) == 0:
                found = self.NOT_ZERO.search(self.data, at, self.limit)
                if not found:
                    return None
                at = max(at + 8, found.start() & ~7)
                continue
            frame = self.frame_at(at, records)
            if frame and (frame.distance == UNKNOWN_DISTANCE or frame.durable is not None):
                return frame
            at += 8
        return None

    def walk(self):
        """Frames and breaks: reads all frames."""
        at, records = FRAMES_START, 0
        self.frames, self.breaks, self.footer = [], [], None
        while True:
            frame = self.frame_at(at, records)
            if frame is None:
                frame = self.search(at, records)
                self.breaks.append(Break(at, records, frame))
                if frame is None:
                    break
            self.frames.append(frame)
            if frame.kind == FOOTER:
                self.footer, at, records = frame, frame.offset, frame.index
                break
            at, records = frame.end, frame.index + frame.count
        self.end, self.records = at, records

    @property
    def last_frame(self):
        return self.frames[-1] if self.frames else None

    @property
    def last_count(self):
        """The records up to the last valid frame or footer, its own included."""
        return self.last_frame.index + self.last_frame.count if self.frames else 0

    def durable_position(self):
        """Durable positions, 2 and 3; -1 if there is none."""
        positions = [f.durable for f in self.frames if f.durable is not None]
        if self.compressed:
            positions.append(self.header.position + self.end)
        return max(positions, default=-1)

    def state_after(self, state):
        """Cursors: the state at the end of this segment."""
        if self.footer:
            return {e.key: e for e in self.footer.entries if e.kind in (CURSOR, BOOKMARK)}
        return self.state_of_frames(state)

    def state_of_frames(self, state):
        """Cursors: the state at the end of this segment by the frames other than the footer."""
        frames = [f for f in self.frames if f.kind in (CURSORS, BATCH) and f.entries]
        snapshots = [f for f in frames if f.kind == CURSORS and f.entries[0].kind == SNAPSHOT]
        state = {} if snapshots else dict(state)
        for frame in snapshots[-1:] + [f for f in frames if f not in snapshots]:
            for entry in frame.entries:
                if entry.kind in (CURSOR, BOOKMARK):
                    state[entry.key] = entry
                elif entry.kind != SNAPSHOT:
                    state.pop(entry.key, None)
        return state

    def footer_errors(self, state):
        """Footer: its fields that don't match the frames."""
        f, base, errors = self.footer.footer, self.header.base, []
        readable = [frame for frame in self.frames if frame.kind in (RECORD, BATCH) and frame.count]
        times = [time for frame in readable for time in (frame.time, frame.time if frame.earliest is None else frame.earliest)]
        sizes = [len(x.body) if x.kind == RECORD else len(x.content) - (12 if x.times else 4) * x.count for x in self.frames if x.kind in (RECORD, BATCH)]
        if (f.earliest, f.latest) != ((min(times), max(times)) if times else (0, 0)):
            errors.append("times")
        if f.readable != sum(frame.count for frame in readable):
            errors.append("records that can be read")
        if f.payloads != sum(sizes):
            errors.append("sum of sizes")
        for (sequence, time, offset), (_, _, before) in zip(f.entries, [(0, 0, 0)] + f.entries):
            after = [frame for frame in readable if frame.offset >= offset]
            earlier = [frame.time for frame in readable if frame.offset < offset]
            if offset not in {frame.offset for frame in self.frames} or offset <= before:
                errors.append("index offset %d" % offset)
            if after and sequence > after[0].sequence or any(x.sequence + x.count > sequence for x in readable if x.offset < offset):
                errors.append("index sequence number %d" % sequence)
            if time != max(earlier, default=LOWEST_TIME):
                errors.append("index time %d" % time)
        said = {e.key: (e.position, e.metadata) for e in self.footer.entries if e.kind in (CURSOR, BOOKMARK)}
        if said != {key: (e.position, e.metadata) for key, e in state.items()}:
            errors.append("cursors")
        return ["segment %d: footer: %s" % (self.number, error) for error in errors]


# The log

class Log:
    """A directory's segments, the findings of recovery, and the results of a reader."""

    NAME = re.compile(r"([0-9]{20})\.wal(\.lz4)?")

    def __init__(self, path, boot="current"):
        self.boot = running_boot() if boot == "current" else boot
        self.all = read_directory(path)
        self.log_id = sort_segments(self.all)
        self.segments = [s for s in self.all if s.sort == IN_PLACE]
        for segment in self.segments:
            segment.walk()
        later = -1
        for segment in reversed(self.segments):
            segment.later_durable = later
            segment.follower = next((s for s in self.segments if s.number > segment.number and follows(s, segment)), None)
            later = max(later, segment.durable_position())
        self.recovery = Recovery(self)
        self.findings = self.recovery.findings

    @property
    def damage(self):
        """Findings, the first table."""
        return any(f["class"] in (CORRUPTION, MISSING, FOREIGN) for f in self.findings)

    def later(self, segment):
        """Terms, Segments, 5."""
        return [s for s in self.segments if s.number > segment.number]

    def known_durable(self, segment, position):
        """Durable positions, 4, by this segment and later ones."""
        return max(segment.durable_position(), segment.later_durable) > position

    def same_boot(self, segment):
        """The boot identifier, 4."""
        return any(self.boot) and segment.header.boot == self.boot

    def records(self, set_aside=False):
        """The valid records (sequence number, time, payload), with `set_aside` those that recovery sets aside or cuts off, too."""
        for segment in self.all if set_aside else self.segments:
            if segment.sort == STRANGE:
                segment.walk()
            end = segment.size if set_aside else self.recovery.kept.get(segment.number, 0)
            for frame in segment.frames:
                if frame.kind in (RECORD, BATCH) and frame.offset < end:
                    yield from records_of(frame)

    def cursors(self):
        """Cursors: the state at the end of the log."""
        state = {}
        for segment in self.segments:
            if segment.number in self.recovery.kept:
                state = segment.state_after(state)
        return state

    def footer_errors(self):
        """Footer: the fields of footers that don't match the frames."""
        state, errors = {}, []
        for segment in self.segments:
            if segment.footer:
                errors += segment.footer_errors(segment.state_of_frames(state))
            state = segment.state_after(state)
        return errors

    def read(self):
        """Reading: the records and gaps of a log without a writer."""
        return Reading(self).items()


def records_of(frame):
    """Reading, 4: the records of a frame, with their sequence numbers and time."""
    for i, payload in enumerate(frame.payloads()):
        yield frame.sequence + i, frame.times[i] if frame.times else frame.time, payload


def read_directory(path):
    """Directory: the segments, in the order of their numbers; where a number has two files, the one that counts."""
    files, names = {}, os.listdir(path)
    for name in names:
        match = Log.NAME.fullmatch(name)
        if match and int(match[1]) < 1 << 64:
            with open(os.path.join(path, name), "rb") as file:
                poisoned = match[1] + ".wal.poisoned" in names
                segment = Segment(int(match[1]), file.read(), bool(match[2]), poisoned)
            files.setdefault(segment.number, {})[segment.compressed] = segment
    return [file_that_counts(files[number]) for number in sorted(files)]


def file_that_counts(files):
    """Compressed segments, at its end: of the files of one number, by whether they are compressed."""
    if len(files) == 1:
        return next(iter(files.values()))
    plain, packed = files[False], files[True]
    unpacked = (
        plain.counting_footer is None                                                                           # 1
        and packed.counting_footer and packed.table_whole and packed.header.number == packed.number             # 2
        and (plain.header is None                                                                               # 3
             or not plain.header.refused and plain.header.incarnation == packed.header.incarnation))
    return packed if unpacked else plain


def log_identifier(segments, too_high=()):
    """Terms, Segments, 3, without headers that are too high."""
    votes = {}
    for segment in segments:
        if segment.header and not segment.header.refused and segment.number not in too_high:
            votes[segment.header.log_id] = votes.get(segment.header.log_id, 0) + 1
    return max(votes, key=votes.get, default=None)      # the first of those that are equal


def out_of_reach(segments, log_id, too_high):
    """Terms, Segments, 4: the numbers of the segments whose headers are out of reach, with those that are known."""
    result, before = set(too_high), []
    for segment in segments:
        h = segment.header
        if not h or not h.active or h.log_id != log_id or h.number != segment.number or segment.number in too_high:
            continue
        most = 1 << 62
        base = max([most] + [b.base + (1 << 40) for b in before])
        position = max([most] + [b.position + (1 << 40) for b in before])
        epoch = max([most] + [b.epoch + (1 << 20) for b in before])
        number = max([1 << 63] + [b.number + (1 << 20) for b in before])
        if h.base > base or h.position > position or h.epoch > epoch or h.number > number:
            result.add(segment.number)
        else:
            before.append(h)
    return result


def sort_segments(segments):
    """Terms, Segments, 2: gives each segment its sort. Returns the log's identifier."""
    for segment in segments:
        if segment.header and segment.header.refused:
            h = segment.header
            raise Refused("segment %d: version %d, features %#x" % (segment.number, h.major, h.incompatible))
    log_id, before, too_high = log_identifier(segments), None, set()
    while log_id != before:
        too_high = out_of_reach(segments, log_id, too_high)
        before, log_id = log_id, log_identifier(segments, too_high)
    for segment in segments:
        h = segment.header
        if h is None or segment.number in too_high:
            segment.sort = HEADERLESS
        elif not h.active:
            segment.sort = PREPARED
        elif h.log_id != log_id or h.number != segment.number:
            segment.sort = STRANGE
        else:
            segment.sort = IN_PLACE
    return log_id


def follows(segment, other):
    """Terms, Segments, 6."""
    h, o = segment.header, other.header
    named = h.before_number != 0 and h.before_number == other.number and h.before_lineage == o.lineage
    return named and (not o.active or h.before_last < o.base + MOST_RECORDS)


def follower_count(segment):
    """Terms, Segments, 8; 0 without a follower."""
    follower = segment.follower
    return max(0, follower.header.before_last - segment.header.base + 1) if follower else 0


# Where frames break off

def invalid_or_not_there(segment, b):
    """Where frames break off, "invalid" and not: whether a commit word says that there was to be a frame."""
    return segment.commit_word(b.offset) != 0 and segment.has_room(b.offset)


def content(log, segment, b):
    """Where frames break off, the table of contents."""
    if b.next is None and segment.size < segment.header.capacity:
        return "cut"
    if invalid_or_not_there(segment, b):
        return "invalid"
    if segment.footer:
        return "invalid"
    if segment.poisoned and followed(log, segment, b):
        return "invalid"
    return "zero"


def followed_by_follower(segment, b):
    """Where frames break off, *followed* 2 and 3, and when they don't count."""
    follower, last = segment.follower, segment.last_frame
    if b.next or not follower:
        return False
    h = follower.header
    own = h.before_lineage == segment.header.incarnation
    if last and last.kind in (VOID, LOST) and own and h.before_length == b.offset:
        return False
    return follower_count(segment) > b.records or own and h.before_length > b.offset


def followed(log, segment, b):
    """Where frames break off: *followed*."""
    return b.next is not None or followed_by_follower(segment, b)


def was_durable(log, segment, b):
    """Where frames break off: *was durable*."""
    position = segment.header.position + b.offset
    return (any(f.durable is not None and f.durable > position for f in segment.frames if f.offset > b.offset)
            or segment.later_durable > position or segment.compressed)


def decide(log, segment, b):
    """Where frames break off, the table of decisions: the class of the finding, or CLEAN."""
    what, same = content(log, segment, b), log.same_boot(segment)
    if was_durable(log, segment, b):
        return CORRUPTION                                                                                       # R1
    if what == "zero" and not followed(log, segment, b):
        return CLEAN                                                                                            # R2
    if what == "zero":
        return ABANDONED if same else TORN                                                                      # R3, R4
    return CORRUPTION if same else TORN                                                                         # R5 to R8


def end_of_break(segment, b):
    """Where frames break off: the end of a break, by the table."""
    if b.next:
        return b.next.offset
    if followed_by_follower(segment, b):
        return max(b.offset, min(segment.follower.header.before_length, segment.size))
    return max(b.offset, segment.limit)


def numbers_missing(segment, b):
    """Where frames break off: the first and last sequence number missing by the table, or None if they are unknown."""
    first = segment.header.base + b.records
    if b.next:
        return first, b.next.sequence - 1
    if followed_by_follower(segment, b):
        return first, segment.follower.header.before_last
    return None


def is_damaged_end(log, segment, b):
    """How many records a damaged end had: whether it is asked, of a break that is a corruption."""
    return b.next is None and not followed_by_follower(segment, b) and not log.later(segment)


def possible_and_likely(segment, b):
    """How many records a damaged end had: the possible and the likely ones."""
    h, at, limit = segment.header, b.offset, segment.limit
    cut = segment.size < h.capacity
    if not invalid_or_not_there(segment, b) and not cut:                                                        # 1
        return 0, 0
    if limit >= 16 and segment.data[limit - 16:limit] == struct.pack("<Q8s", at, FOOTER_MAGIC):                 # 2
        return 0, 0
    written = len(segment.data[:limit].rstrip(b"\0"))
    end = h.capacity if cut else written                                                                        # 3
    if end <= at:
        return 0, 0
    possible = min(max((end - at) * 255 // 4, 1), MOST_RECORDS)                                                 # 4
    likely = 0                                                                                                  # 5
    if at + FRAME_HEADER <= limit:
        length, kind = struct.unpack_from("<I", segment.data, at)[0], segment.data[at + 16]
        if length >= FRAME_HEADER and at + padded(length) >= written and at + length <= h.capacity:
            if kind == RECORD:
                likely = 1
            elif kind == BATCH and at + FRAME_HEADER + 4 <= limit:
                likely = min(struct.unpack_from("<I", segment.data, at + FRAME_HEADER)[0], possible)
    return possible, min(likely, MOST_RECORDS - b.records)


def has_no_footer_room(segment):
    """What an opening does, 3.4."""
    capacity = segment.header.capacity
    n = capacity // max(1 << 16, capacity // 256)
    return segment.footer is None and segment.end > (capacity - 16512 - 24 * n) // 8 * 8


# Recovery

class Recovery:
    """Recovery: the decisions of an opening that verifies everything."""

    def __init__(self, log):
        self.log, self.findings = log, []
        self.actions = {"setAside": set(), "remove": set(), "rewrite": set(), "placeholder": set()}    # segment numbers
        self.kept = {}                                  # the end of the frames that stay, by segment number
        self.torn, self.headerless_between = False, False
        self.last, self.end_sequence, self.end_position = None, 1, 0
        self.damaged_end = None                         # the first number of those that may be lost, where no last one is known
        steps = {HEADERLESS: self.headerless, PREPARED: self.prepared, STRANGE: self.foreign, IN_PLACE: self.in_place}
        for segment in log.all:
            steps[segment.sort](segment)

    def report(self, kind, segment, offset, size, numbers, acknowledged):
        """Findings: one; first and last sequence number are 0 if there are none."""
        first, last = numbers if numbers and numbers[0] <= numbers[1] else (0, 0)
        self.findings.append({"class": kind, "segment": segment, "offset": offset, "bytes": size, "firstSequence": first,
                              "lastSequence": last, "acknowledged": acknowledged})

    def headerless(self, segment):
        """What an opening decides, 1."""
        self.actions["setAside"].add(segment.number)
        later = self.log.later(segment)
        numbers = (self.end_sequence, later[0].header.base - 1) if later else None
        if not later and self.damaged_end is None:
            self.damaged_end = self.end_sequence
        self.report(CORRUPTION, segment.number, 0, segment.size, numbers, True)
        self.headerless_between = True

    def prepared(self, segment):
        """What an opening decides, 2."""
        follower = next((s for s in self.log.later(segment) if follows(s, segment)), None)
        self.actions["setAside" if self.torn or follower else "remove"].add(segment.number)
        if self.torn or not follower:
            return
        if self.log.known_durable(follower, self.end_position + FRAMES_START) or self.log.same_boot(follower):
            numbers = self.end_sequence, follower.header.base - 1
            self.report(CORRUPTION, segment.number, 0, segment.size, numbers, True)
            self.headerless_between = True
        else:
            self.report(TORN, segment.number, 0, segment.size, None, False)
            self.torn = True

    def foreign(self, segment):
        """What an opening decides, 3."""
        self.actions["setAside"].add(segment.number)
        self.report(FOREIGN, segment.number, 0, segment.size, None, False)

    def after_torn_tail(self, segment):
        """What an opening decides, 4; Findings, "each segment in place after that"."""
        base = segment.header.base
        self.actions["setAside"].add(segment.number)
        self.report(TORN, segment.number, 0, segment.size, (base, base + segment.last_count - 1), False)

    def in_place(self, segment):
        """What an opening decides, 5."""
        if self.torn:
            self.after_torn_tail(segment)
            return
        if self.last and not follows(segment, self.last):
            if not self.headerless_between:
                self.missing(segment)
            self.mend_chain(segment)
        self.headerless_between = False
        self.kept[segment.number] = segment.end
        self.likely = 0
        for b in segment.breaks:
            if not self.torn:
                self.at_break(segment, b)
        if self.header_or_table_bad(segment):
            self.report(CORRUPTION, segment.number, 0, 1024, None, True)
        if segment.bad_copy or not segment.table_whole or segment.poisoned or not self.torn and has_no_footer_room(segment):
            self.actions["rewrite"].add(segment.number)
        self.ends_at(segment)

    def least_position(self):
        """What an opening decides, at its end, 6: the lowest base position of the fresh segment after damage, or 0."""
        number, capacity = (self.last.number, self.last.header.capacity) if self.last else (0, 0)
        damage = [f for f in self.findings if f["class"] == CORRUPTION and f["segment"] >= number]
        if not damage:
            return 0
        if self.last:
            limit = self.last.header.position + capacity
        else:
            numbers = [s.number for s in self.log.all if s.number < 1 << 61] + [f["segment"] for f in damage]
            limit = min(max(numbers), 1 << 29) << 32
        reach = max([1 << 62] + [s.header.position + (1 << 40) for s in self.log.segments if s.number in self.kept])
        return min(limit + sum(min(max(f["bytes"], capacity), 1 << 32) for f in damage if f["segment"] > number), reach)

    def missing(self, segment):
        """Findings, 3 to 5."""
        h = segment.header
        acknowledged = self.log.same_boot(segment) or self.log.known_durable(segment, self.end_position)
        self.report(MISSING, h.before_number, 0, 0, (self.end_sequence, h.base - 1), acknowledged)

    def mend_chain(self, segment):
        """Recovery, "Mending the chain": a placeholder, or the segment is rewritten."""
        h = segment.header
        is_placeholder = (self.last.number < h.before_number < segment.number and h.base - self.end_sequence <= MOST_RECORDS
                     and h.before_lineage != 0 and h.before_last < self.end_sequence + MOST_RECORDS)
        self.actions["placeholder" if is_placeholder else "rewrite"].add(h.before_number if is_placeholder else segment.number)

    def at_break(self, segment, b):
        """What an opening decides, 5.2; Findings, what is reported at a break."""
        kind, base = decide(self.log, segment, b), segment.header.base
        size, numbers = end_of_break(segment, b) - b.offset, numbers_missing(segment, b)
        if kind == TORN:
            self.torn, self.kept[segment.number] = True, b.offset
            numbers = (base + b.records, base + segment.last_count - 1) if b.next else None
        elif kind == CORRUPTION and is_damaged_end(self.log, segment, b):
            possible, self.likely = possible_and_likely(segment, b)
            numbers = base + b.records, base + b.records + self.likely - 1
            if possible and not self.likely:
                self.damaged_end = base + b.records
        if kind in (TORN, CORRUPTION) or kind == ABANDONED and (size < FRAME_HEADER or size % 8):
            self.actions["rewrite"].add(segment.number)
        if kind != CLEAN:
            self.report(kind, segment.number, b.offset, size, numbers, kind == CORRUPTION)

    def header_or_table_bad(self, segment):
        """What an opening decides, 5.3: whether the table on header copies and tables has a finding."""
        if not segment.table_whole:
            return True
        if not segment.bad_copy:
            return False
        return (segment.compressed or self.log.known_durable(segment, segment.header.position)
                or self.log.same_boot(segment) and bool(segment.frames))

    def ends_at(self, segment):
        """Findings, 2: where the last segment that stays ends."""
        h, end = segment.header, self.kept[segment.number]
        records = segment.records
        if self.torn:
            records = next(b.records for b in segment.breaks if b.offset == end)
        elif not segment.footer:
            records = max(records + self.likely, follower_count(segment))
        self.last, self.end_sequence, self.end_position = segment, h.base + records, h.position + end


# Reading

VOIDED, UNREADABLE, REMOVED, SKIPPED = "void", "unreadable", "removed", "skipped"


class Reading:
    """Reading: the results of a reader of a log without a writer, from the first segment on."""

    def __init__(self, log):
        self.log, self.next = log, None                 # the next sequence number to account for
        self.ended = False

    def gap(self, first, last, reason, acknowledged):
        """Reading, the gaps: without sequence numbers none. A last one of None is unknown."""
        if last is not None and first > last:
            return
        self.next = None if last is None else max(self.next, last + 1)
        yield {"first": first, "last": last, "reason": reason, "acknowledged": acknowledged}

    def items(self):
        """Reading, 1 to 9: records as tuples (sequence number, time, payload), and gaps as dictionaries."""
        segment, before = next((s for s in self.log.segments if s.number in self.log.recovery.kept), None), None
        self.next = segment.header.base if segment else 1
        if segment:
            yield from self.before_the_first(segment)
        while segment and not self.ended:
            if before:
                yield from self.between(before, segment)
            yield from self.frames(segment)
            before, segment = segment, self.kept_after(segment)
        yield from self.at_the_end()

    def before_the_first(self, segment):
        """Reading, the gaps, 3 and 4: a headerless segment before the first one in place."""
        lost = [f for f in self.log.findings if f["class"] == CORRUPTION and f["segment"] < segment.number and f["lastSequence"]]
        self.next = min([f["firstSequence"] for f in lost], default=self.next)
        if lost:
            yield from self.gap(self.next, segment.header.base - 1, UNREADABLE, True)

    def kept_after(self, segment):
        """Reading, 8: the first later segment that recovery would keep; none where it ends the log."""
        return next((s for s in self.log.later(segment) if s.number in self.log.recovery.kept), None)

    def between(self, before, segment):
        """Reading, 8, and the gaps between two segments."""
        base = segment.header.base
        if self.next >= base:
            return
        if follows(segment, before):
            yield from self.gap(self.next, base - 1, SKIPPED, skipped_acknowledged(segment))
            return
        missing = [f for f in self.log.findings if f["class"] == MISSING and f["lastSequence"] == base - 1]
        if missing:
            yield from self.gap(self.next, base - 1, "missing", missing[0]["acknowledged"])
        else:
            yield from self.gap(self.next, base - 1, UNREADABLE, True)

    def frames(self, segment):
        """Reading, 4 to 6."""
        breaks = {b.next.offset if b.next else None: b for b in segment.breaks}
        base, hole = segment.header.base, None          # the reason for which a void, lost or damaged place leaves numbers out
        for frame in segment.frames:
            if frame.offset in breaks:
                if (yield from self.at_break(segment, breaks[frame.offset])) is False:
                    return
            if frame.sequence > self.next:
                yield from self.gap(self.next, frame.sequence - 1, *(hole or (SKIPPED, skipped_acknowledged(segment))))
            hole = {VOID: (VOIDED, False), LOST: ("lost", True)}.get(frame.kind)
            if frame.kind in (RECORD, BATCH):
                yield from (record for record in records_of(frame) if record[0] >= self.next)
                self.next = max(self.next, frame.sequence + frame.count)
        if None in breaks:                              # what is lost there wins over the void or lost frame before it
            yield from self.at_break(segment, breaks[None])
        if hole and segment.follower and not self.ended:
            yield from self.gap(self.next, segment.follower.header.before_last, *hole)

    def at_break(self, segment, b):
        """Reading, 6. False if nothing after it is read."""
        kind, numbers = decide(self.log, segment, b), numbers_missing(segment, b)
        if kind == TORN:
            self.ended = True
            return False
        if kind in (ABANDONED, CORRUPTION) and numbers:
            yield from self.gap(max(numbers[0], self.next), numbers[1], *((UNREADABLE, True) if kind == CORRUPTION else (VOIDED, False)))
        return True

    def at_the_end(self):
        """Reading, 9: what recovery would report as acknowledged and lost after the last record."""
        for f in self.log.findings:
            if f["acknowledged"] and f["lastSequence"] >= (self.next or 1 << 64):
                yield from self.gap(max(self.next, f["firstSequence"]), f["lastSequence"], UNREADABLE, True)
        if self.log.recovery.damaged_end and self.next is not None:
            yield from self.gap(max(self.next, self.log.recovery.damaged_end), None, UNREADABLE, True)


def skipped_acknowledged(segment):
    """Reading, the gaps, "skipped": False, or None if it is unknown."""
    first = segment.frames[0] if segment.frames else None
    if not first or first.kind != RECOVERY or first.offset != FRAMES_START or len(first.body) < 8:
        return None
    findings, there = struct.unpack_from("<II", first.body)
    if findings != there or there > 64 or len(first.body) < 8 + 48 * there:
        return None
    if any(first.body[8 + 48 * i] not in CLASSIFICATIONS for i in range(there)):
        return None
    return None if any(first.body[9 + 48 * i] for i in range(there)) else False


# Flow records

FLOW_KINDS = {16: "graph", 17: "begin", 18: "result", 19: "failure", 20: "started", 21: "wait", 22: "signal", 23: "control",
              24: "resumed", 25: "end", 26: "delivered", 27: "memo", 28: "emit", 29: "trace"}


class Fields:
    """The fields of a payload in order. Raises ValueError if the bytes have none of the forms."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if count > len(self.data) - self.at:
            raise ValueError("truncated at %d" % self.at)
        self.at += count
        return self.data[self.at - count:self.at]

    def byte(self):
        return self.take(1)[0]

    def varint(self):
        value, shift = 0, 0
        while True:
            byte = self.byte()
            if shift == 63 and byte > 1 or byte == 0 and shift > 0:
                raise ValueError("a second spelling at %d" % self.at)
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def zigzag(self):
        value = self.varint()
        return value >> 1 ^ -(value & 1)

    def number(self, form):
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def optional_bytes(self):
        size = self.varint()
        return None if size == 0 else bytes(self.take(size - 1))

    def bytes(self):
        value = self.optional_bytes()
        if value is None:
            raise ValueError("nil at %d" % self.at)
        return value

    def optional_text(self):
        value = self.optional_bytes()
        return None if value is None else value.decode()

    def text(self):
        return self.bytes().decode()

    def time(self):
        return self.number("<q")

    def optional_time(self):
        marker = self.byte()
        if marker > 1:
            raise ValueError("marker at %d" % self.at)
        return self.time() if marker else None


def flow_record(data):
    """A flow record as a dictionary; None for another payload, or a kind that isn't known (Flow records)."""
    if len(data) < 2 or data[0] != 1 or data[1] not in FLOW_KINDS:
        return None
    f, kind = Fields(data), FLOW_KINDS[data[1]]
    f.take(2)
    record = {"kind": kind, "task": f.text()}
    if kind == "graph":
        record.update(hash=f.number("<Q"), shape=f.text())
    elif kind == "begin":
        record.update(dag=f.text(), graph=f.number("<Q"), priority=f.zigzag(), max_retries=f.zigzag(), created=f.time(),
                      input=f.bytes())
    elif kind == "result":
        record.update(path=f.text(), attempt=f.varint(), time=f.time(), label=f.optional_text(), value=f.bytes())
    elif kind == "failure":
        record.update(path=f.text(), attempt=f.varint(), time=f.time(), error=f.text(), retry_at=f.optional_time())
    elif kind == "started":
        record.update(path=f.text(), attempt=f.varint())
    elif kind == "wait":
        record.update(path=f.text(), signal=f.optional_text(), due=f.optional_time())
    elif kind == "signal":
        record.update(path=f.text(), id=f.text(), value=f.bytes())
    elif kind == "control":
        record.update(number=f.varint(), action=f.byte(), time=f.time(), paths=[f.text() for _ in range(f.varint())],
                      graph=f.number("<Q"), reason=f.optional_text())
    elif kind == "resumed":
        record.update(count=f.varint())
    elif kind == "end":
        record.update(status=f.byte(), time=f.time(), output=f.optional_bytes(), error=f.optional_text(),
                      path=f.optional_text())
    elif kind == "delivered":
        record.update(time=f.time())
    elif kind == "emit":
        record.update(path=f.text(), attempt=f.varint(), number=f.varint(), sink=f.text(), value=f.bytes())
    elif kind == "trace":
        record.update(fields=[(f.text(), f.text()) for _ in range(f.varint())])
    else:
        record.update(path=f.text(), name=f.text(), value=f.bytes())
    if f.at != len(data):
        raise ValueError("%d bytes after the last field" % (len(data) - f.at))
    return record


def hash_of(records):
    """The hash of records."""
    digest = hashlib.sha256()
    for sequence, time, payload in records:
        digest.update(struct.pack("<QqQ", sequence, time, len(payload)) + payload)
    return digest.hexdigest()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory")
    parser.add_argument("--boot", default="current", help="the running kernel's boot identifier as a header has it, in hexadecimal")
    parser.add_argument("--records", action="store_true")
    parser.add_argument("--hash", action="store_true")
    arguments = parser.parse_args()
    boot = arguments.boot if arguments.boot == "current" else bytes.fromhex(arguments.boot)
    log = Log(arguments.directory, boot)
    for finding in log.findings:
        print(json.dumps(dict(finding, classification=CLASSIFICATIONS[finding["class"]])))
    for item in log.read() if arguments.records else ():
        print(json.dumps(item if isinstance(item, dict) else {"sequence": item[0], "time": item[1], "hex": item[2].hex()}))
    if arguments.hash:
        print(hash_of(item for item in log.read() if not isinstance(item, dict)))


if __name__ == "__main__":
    main()
