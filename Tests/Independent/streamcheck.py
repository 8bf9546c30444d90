#!/usr/bin/env python3
"""Compares a log with its JetStream stream, by two readers that were written from FORMAT.md alone.

    streamcheck.py DIRECTORY HOST:PORT STREAM

Every record of the log must be in the stream once, in order, with its number, time and payload. Prints the number of records. Exits with 1
at the first difference.
"""

import importlib.util
import itertools
import os
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


def module(path):
    spec = importlib.util.spec_from_file_location("reader", os.path.join(ROOT, path))
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def streamed(reader, address, stream):
    epoch = 0
    for headers, body in reader.messages(reader.Server(address), stream):
        if int(headers["Wal-Epoch"]) < epoch:
            sys.exit("a message of the epoch %s follows one of the epoch %d" % (headers["Wal-Epoch"], epoch))
        epoch = int(headers["Wal-Epoch"])
        if headers["Wal-Kind"] == "batch":
            yield from reader.records(body)


def main():
    directory, address, stream = sys.argv[1:]
    log = (item for item in module("Tests/Independent/walreader.py").Log(directory).read() if not isinstance(item, dict))
    count = 0
    for kept, sent in itertools.zip_longest(log, streamed(module("Examples/jetstream-reader.py"), address, stream)):
        if kept is None or sent is None or (kept[0], kept[1], bytes(kept[2])) != (sent[0], sent[1], bytes(sent[2])):
            sys.exit("record %s of the log, record %s of the stream" % (kept and kept[0], sent and sent[0]))
        count += 1
    print(count)


main()
