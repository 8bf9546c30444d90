#!/usr/bin/env python3
"""Reads the file WAITERS of a log's directory, written from FORMAT.md alone ("Waiting readers"). Prints its words as JSON.

Usage: waitersreader.py DIRECTORY
"""

import glob
import json
import struct
import sys

from statusreader import crc32c


def read(directory):
    with open(directory + "/WAITERS", "rb") as file:
        data = file.read()
    if len(data) != 4096 or data[:8] != b"SWALWAIT" or struct.unpack_from("<I", data, 8) != (1,):
        return None
    # "Segment header": the log identifier is at offset 32 of each segment.
    with open(sorted(glob.glob(directory + "/*.wal"))[0], "rb") as segment:
        log = segment.read(48)[32:]
    frame, count, durable = struct.unpack_from("<III", data, 64)
    position, checksum = struct.unpack_from("<QI", data, 192)
    return {
        "frame": frame,
        "durable": durable,
        "count": count,
        "position": position if crc32c(log + data[192:200]) == checksum else None,
        "zeros": sum(data[12:64] + data[76:192] + data[204:]) == 0,
    }


if __name__ == "__main__":
    print(json.dumps(read(sys.argv[1])))
