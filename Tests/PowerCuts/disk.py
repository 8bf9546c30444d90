"""Makes disk images, and after a cut images with a part of the disk's cache (disk.c)."""

import pathlib
import random
import subprocess

SECTOR = 512
MARK_SIZE = 4096
# The sectors of the superblock of ext4.
SUPERBLOCK = (2, 3)
# mkfs.xfs wants 300 MiB; the image is sparse.
MEBIBYTES = {"ext4": 64, "xfs": 320}


def make(path, file_system):
    size = MEBIBYTES[file_system] << 20
    path.unlink(missing_ok=True)
    with open(path, "wb") as file:
        file.truncate(size + MARK_SIZE)
    command = {
        "ext4": ["mkfs.ext4", "-q", "-F", "-b", "4096", path, f"{size >> 10}k"],
        "xfs": ["mkfs.xfs", "-q", "-f", "-d", f"size={size}", path],
    }[file_system]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def copy(image, to):
    subprocess.run(["cp", "--sparse=always", image, to], check=True)


def entries(cache):
    """The entries of the cache in order of writing: sector and bytes."""
    data = pathlib.Path(cache).read_bytes()
    for at in range(0, len(data), 8 + SECTOR):
        yield int.from_bytes(data[at:at + 8], "little"), data[at + 8:at + 8 + SECTOR]


def lose(image, cache, to, order, seed, file_system):
    """Makes one possible image after the cut: the flushed sectors, and a random part of the others.

    Ordered: the sectors that were written first. Unordered: each by itself, so that a sector that was written several times may
    have any of its versions. The superblock of ext4, two sectors with one checksum, is written whole: without it, the file system
    can't be mounted. Returns the number of kept sector writes, and of all."""
    chance = random.Random(seed)
    copy(image, to)
    written = list(entries(cache))
    if order == "ordered":
        count = chance.randint(0, len(written))
        keeps = [index < count for index in range(len(written))]
    else:
        share = chance.choice([0, 0.1, 0.5, 0.9, 1, chance.random()])
        keeps = [chance.random() < share for _ in written]
    if file_system == "ext4":
        for index in range(1, len(written)):
            if (written[index - 1][0], written[index][0]) == SUPERBLOCK:
                keeps[index] = keeps[index - 1]
    kept = [one for one, is_kept in zip(written, keeps) if is_kept]
    with open(to, "r+b") as file:
        for sector, data in kept:
            file.seek(sector * SECTOR)
            file.write(data)
    return len(kept), len(written)
