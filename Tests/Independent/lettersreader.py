#!/usr/bin/env python3
"""Reads the dead letters of a log, written from FORMAT.md alone ("Dead letters"). Prints them as JSON, in order.

Usage: lettersreader.py DIRECTORY
"""

import json
import os
import struct
import sys

import walreader

VERSION, LETTER, REMOVAL = 1, 0, 1
HEADER = struct.Struct("<BBHHHQq")


def decode(data):
    version, kind, sink_size, code_size, reason_size, sequence, time = HEADER.unpack_from(data)
    if version != VERSION or kind not in (LETTER, REMOVAL):
        raise ValueError("version %d, kind %d" % (version, kind))
    code = HEADER.size + sink_size
    reason = code + code_size
    payload = reason + reason_size
    if payload > len(data):
        raise ValueError("the texts don't fit")
    return kind, {"sink": data[HEADER.size:code].decode(), "sequence": sequence, "time": time,
                  "code": data[code:reason].decode(), "reason": data[reason:payload].decode(),
                  "payload": data[payload:].hex()}


def read(directory):
    folder = os.path.join(directory, "dead-letters")
    if not os.path.isdir(folder):
        return []
    letters = {}
    for _, _, data in walreader.Log(folder).records():
        kind, letter = decode(data)
        identity = letter["sink"], letter["sequence"]
        if kind == REMOVAL:
            letters.pop(identity, None)
        else:
            letters.setdefault(identity, letter)
    return list(letters.values())


if __name__ == "__main__":
    print(json.dumps(read(sys.argv[1])))
