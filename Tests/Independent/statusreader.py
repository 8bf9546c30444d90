#!/usr/bin/env python3
"""Reads the file STATUS of a log's directory, written from FORMAT.md alone ("Status of a writer"). Prints the newest whole text.

Usage: statusreader.py DIRECTORY
"""

import json
import struct
import sys

SLOTS = (512, 33_024)
SLOT_SIZE = 32_512
TEXT_MAX = 32_496


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def slot(data, offset):
    generation, length, checksum = struct.unpack_from("<QII", data, offset)
    text = data[offset + 16:offset + 16 + length]
    if not 0 < generation < 1 << 62 or length > TEXT_MAX or crc32c(data[offset:offset + 8] + text) != checksum:
        return None
    return generation, text


def read(directory):
    with open(directory + "/STATUS", "rb") as file:
        data = file.read()
    if len(data) != 65_536 or data[:8] != b"SWALSTAT" or struct.unpack_from("<I", data, 8) != (1,):
        return None
    whole = [found for found in (slot(data, offset) for offset in SLOTS) if found]
    return json.loads(max(whole)[1]) if whole else None


if __name__ == "__main__":
    print(json.dumps(read(sys.argv[1])))
