#!/usr/bin/env python3
"""Prints the records of a log from its JetStream stream: sequence number, time in microseconds since 1970, payload.

    Examples/jetstream-reader.py HOST:PORT STREAM

It needs nothing but Python. FORMAT.md, "JetStream messages", specifies what it reads.
"""

import base64
import json
import socket
import sys


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def lz4_block(data):
    out, at = bytearray(), 0

    def length(start, at):
        while start >= 15 and data[at] == 255:
            start, at = start + 255, at + 1
        return (start + data[at], at + 1) if start >= 15 else (start, at)

    while at < len(data):
        token, at = data[at], at + 1
        literals, at = length(token >> 4, at)
        out += data[at:at + literals]
        at += literals
        if at < len(data):
            distance, at = int.from_bytes(data[at:at + 2], "little"), at + 2
            matched, at = length(token & 15, at)
            for _ in range(matched + 4):
                out.append(out[-distance])
    return bytes(out)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def records(body):
    """Returns (sequence, time, payload) for each record of a message's body."""
    assert crc32c(body[:-4]) == int.from_bytes(body[-4:], "little"), "the checksum is wrong"
    assert body[0] == 1 and body[1] in (0, 1), "a version or codec that this reader doesn't know"
    size, count = int.from_bytes(body[4:8], "little"), int.from_bytes(body[8:12], "little")
    content = body[12:-4] if body[1] == 0 else lz4_block(body[12:-4])
    assert len(content) == size, "the content has another size"
    index, at, sequence, time = [], 0, 0, 0
    for _ in range(count):
        step, at = varint(content, at)
        pause, at = varint(content, at)
        length, at = varint(content, at)
        sequence, time = sequence + step, time + (pause >> 1 ^ -(pause & 1))
        index.append((sequence, time, length))
    for sequence, time, length in index:
        yield sequence, time, content[at:at + length]
        at += length


class Server:
    """The four commands of NATS that reading takes."""

    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self.stream = socket.create_connection((host, int(port)), timeout=10).makefile("rwb")
        self.stream.readline()
        self.send(b'CONNECT {"verbose":false}\r\nSUB reply 1\r\n')

    def send(self, text):
        self.stream.write(text)
        self.stream.flush()

    def ask(self, subject, request):
        body = json.dumps(request).encode()
        self.send(b"PUB $JS.API.%s reply %d\r\n%s\r\n" % (subject.encode(), len(body), body))
        while True:
            line = self.stream.readline().split()
            if line[0] == b"PING":
                self.send(b"PONG\r\n")
            elif line[0] == b"MSG":
                answer = json.loads(self.stream.read(int(line[-1]) + 2))
                if "error" in answer:
                    sys.exit(answer["error"]["description"])
                return answer


def messages(server, stream):
    """Returns (headers, body) of each message, in order."""
    state = server.ask("STREAM.INFO." + stream, {})["state"]
    for number in range(max(1, state["first_seq"]), state["last_seq"] + 1):
        message = server.ask("STREAM.MSG.GET." + stream, {"seq": number})["message"]
        lines = base64.b64decode(message.get("hdrs", "")).decode().split("\r\n")[1:]
        yield dict(line.split(": ", 1) for line in lines if ": " in line), base64.b64decode(message.get("data", ""))


def main():
    address, stream = sys.argv[1:]
    epoch = position = 0
    for headers, body in messages(Server(address), stream):
        # An earlier owner's late message.
        if int(headers["Wal-Epoch"]) < epoch:
            continue
        epoch = int(headers["Wal-Epoch"])
        is_claim = headers["Wal-Kind"] == "claim"
        positions = {lane.split(":")[1] for lane in headers["Wal-Lanes"].split(" ")}
        # Records that the stream already has, or a claim of lanes at different positions.
        if int(headers["Wal-Last"]) <= position or is_claim and len(positions) > 1:
            continue
        if int(headers["Wal-Prev"]) > position and position:
            sys.exit("records %d to %s are missing" % (position + 1, headers["Wal-Prev"]))
        if is_claim:
            continue
        single = headers["Wal-Kind"] == "record"
        found = [(int(headers["Wal-Seq"]), int(headers["Wal-Time"]), body)] if single else records(body)
        for sequence, time, payload in found:
            if sequence > position:
                print(sequence, time, payload.decode("utf-8", "replace"))
        position = int(headers["Wal-Last"])


if __name__ == "__main__":
    main()
