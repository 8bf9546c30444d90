"""Serves a directory under another path by FUSE, as a file system without some calls. Runs until it is unmounted.

    python3 passthrough.py SOURCE MOUNT [--fsyncdir NAME] [--fsync NAME] [--direct-io] [--delay FILE]

NAME is the errno of the failing call, such as EINVAL. With --direct-io, no file can be mapped into shared memory. FILE has the
delay of each fsync in seconds, and may change.
Needs Debian's fusepy (python3-fusepy).
"""
import argparse
import errno
import os
import time

from fusepy import FUSE, FuseOSError, Operations


class Passthrough(Operations):
    def __init__(self, source, fsyncdir_error, fsync_error, delay):
        self.source = source
        self.fsyncdir_error = fsyncdir_error
        self.fsync_error = fsync_error
        self.delay = delay

    def place(self, path):
        return os.path.join(self.source, path.lstrip("/"))

    def getattr(self, path, fh=None):
        status = os.lstat(self.place(path))
        keys = ("st_atime", "st_ctime", "st_mtime", "st_gid", "st_uid", "st_mode", "st_nlink", "st_size", "st_ino", "st_blocks")
        return {key: getattr(status, key) for key in keys}

    def statfs(self, path):
        status = os.statvfs(self.place(path))
        keys = ("f_bavail", "f_bfree", "f_blocks", "f_bsize", "f_favail", "f_ffree", "f_files", "f_flag", "f_frsize", "f_namemax")
        return {key: getattr(status, key) for key in keys}

    def readdir(self, path, fh):
        return [".", ".."] + os.listdir(self.place(path))

    def chmod(self, path, mode):
        os.chmod(self.place(path), mode)

    def chown(self, path, uid, gid):
        os.chown(self.place(path), uid, gid)

    def utimens(self, path, times=None):
        os.utime(self.place(path), times)

    def mkdir(self, path, mode):
        os.mkdir(self.place(path), mode)

    def rmdir(self, path):
        os.rmdir(self.place(path))

    def unlink(self, path):
        os.unlink(self.place(path))

    def rename(self, old, new):
        os.rename(self.place(old), self.place(new))

    def link(self, target, source):
        os.link(self.place(source), self.place(target))

    def create(self, path, mode, fi=None):
        return os.open(self.place(path), os.O_RDWR | os.O_CREAT, mode)

    def open(self, path, flags):
        # The kernel reads and writes the pages of mapped files, whatever mode the file was opened in.
        return os.open(self.place(path), os.O_RDWR)

    def read(self, path, size, offset, fh):
        return os.pread(fh, size, offset)

    def write(self, path, data, offset, fh):
        return os.pwrite(fh, data, offset)

    def truncate(self, path, length, fh=None):
        os.truncate(self.place(path), length)

    def release(self, path, fh):
        os.close(fh)

    def fsync(self, path, datasync, fh):
        if self.fsync_error:
            raise FuseOSError(self.fsync_error)
        if self.delay:
            with open(self.delay) as file:
                time.sleep(float(file.read()))
        os.fsync(fh)

    def fsyncdir(self, path, datasync, fh):
        if self.fsyncdir_error:
            raise FuseOSError(self.fsyncdir_error)


def number(name):
    return getattr(errno, name)


parser = argparse.ArgumentParser()
parser.add_argument("source")
parser.add_argument("mount")
parser.add_argument("--fsyncdir", type=number)
parser.add_argument("--fsync", type=number)
parser.add_argument("--direct-io", action="store_true")
parser.add_argument("--delay")
arguments = parser.parse_args()
FUSE(
    Passthrough(arguments.source, arguments.fsyncdir, arguments.fsync, arguments.delay), arguments.mount,
    foreground=True, nothreads=True, direct_io=arguments.direct_io, hard_remove=True)
