#!/usr/bin/env python3
"""Reads and checks a backup by FORMAT.md alone, and prints its manifest as JSON.

Usage: backupreader.py DIRECTORY
"""

import hashlib
import json
import os
import sys


def text(digits):
    return "" if digits == "-" else bytes.fromhex(digits).decode()


def read(directory):
    with open(os.path.join(directory, "MANIFEST"), "rb") as file:
        content = file.read()
    covered, _, last = content[:-1].rpartition(b"\n")
    covered += b"\n"
    if last != b"sha256 " + hashlib.sha256(covered).hexdigest().encode():
        sys.exit("the manifest isn't whole")
    lines = covered.decode().splitlines()
    if lines[0] != "swift-wal backup 1":
        sys.exit("unknown version")
    result = {"segments": [], "cursors": {}, "bookmarks": {}}
    for line in lines[1:]:
        key, *words = line.split(" ")
        if key == "log":
            result["log"] = words[0]
        elif key in ("time", "durable", "highest"):
            result[key] = int(words[0])
        elif key == "cursor":
            result["cursors"][text(words[1])] = int(words[0])
        elif key == "bookmark":
            result["bookmarks"][text(words[1])] = [int(words[0]), "" if words[2] == "-" else words[2]]
        elif key == "segment":
            result["segments"].append(segment(directory, words))
        elif key == "total":
            if [int(word) for word in words] != [len(result["segments"]), sum(s["length"] for s in result["segments"])]:
                sys.exit("the totals are wrong")
        else:
            sys.exit("unknown line " + key)
    return result


def segment(directory, words):
    number, incarnation, form, length, size, first, last, digest = words
    name = "%020d-%s%s" % (int(number), digest, ".wal.lz4" if form == "lz4" else ".wal")
    with open(os.path.join(directory, name), "rb") as file:
        content = file.read()
    if len(content) != int(size) or any(content[int(length):]):
        sys.exit(name + " has another size, or no zeros at its end")
    if hashlib.sha256(content[:int(length)]).hexdigest() != digest:
        sys.exit(name + " has changed")
    return {"number": int(number), "incarnation": int(incarnation, 16), "form": form, "length": int(length),
            "first": int(first), "last": int(last)}


if __name__ == "__main__":
    print(json.dumps(read(sys.argv[1])))
