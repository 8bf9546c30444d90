"""The virtual machine: Debian's cloud kernel, an initramfs with the guest program, and a disk whose power can be cut."""

import os
import pathlib
import platform
import re
import shlex
import shutil
import signal
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
KERNEL_PACKAGE = "linux-image-cloud-amd64"
# In the order in which init inserts them.
MODULES = ["virtio_ring", "virtio", "virtio_pci_legacy_dev", "virtio_pci_modern_dev", "virtio_pci", "virtio_blk", "libcrc32c", "xfs"]
TOOLS = ["qemu-system-x86_64", "nbdkit", "busybox", "cpio", "cc", "mkfs.ext4", "mkfs.xfs", "apt-get"]
BOOT_SECONDS_MAX = 180


class Unavailable(Exception):
    """Something that a virtual machine needs is missing here."""


class Machine:
    def __init__(self, directory, guest):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        if platform.machine() != "x86_64":
            raise Unavailable("the virtual machine is for x86-64")
        missing = [tool for tool in TOOLS if not shutil.which(tool)]
        if missing:
            raise Unavailable(f"{', '.join(missing)} missing: Scripts/install-dependencies --virtual-machine")
        self.kernel, modules = self._kernel()
        self.plugin = self.directory / "disk.so"
        subprocess.run(["cc", "-O2", "-Wall", "-fPIC", "-shared", HERE / "disk.c", "-o", self.plugin], check=True)
        self.initramfs = self._initramfs(pathlib.Path(guest).resolve(), modules)

    def _kernel(self):
        """Unpacks the kernel's package without installing it, so that this machine's own start isn't changed."""
        root = self.directory / "kernel"
        if not list(root.glob("boot/vmlinuz-*")):
            shutil.rmtree(root, ignore_errors=True)
            depends = subprocess.run(["apt-cache", "depends", KERNEL_PACKAGE], capture_output=True, text=True).stdout
            name = re.search(r"Depends: (linux-image-\S+)", depends)
            if not name:
                raise Unavailable(f"apt has no {KERNEL_PACKAGE}")
            for old in self.directory.glob("linux-image-*.deb"):
                old.unlink()
            if subprocess.run(["apt-get", "download", "-q", name[1]], cwd=self.directory, capture_output=True).returncode:
                raise Unavailable(f"apt-get download {name[1]} failed")
            package = next(self.directory.glob("linux-image-*.deb"))
            subprocess.run(["dpkg", "-x", package, root], check=True)
            package.unlink()
        return next(root.glob("boot/vmlinuz-*")), root

    def _initramfs(self, guest, modules):
        root = self.directory / "initramfs"
        shutil.rmtree(root, ignore_errors=True)
        for name in ["bin", "dev", "proc", "disk", "modules"]:
            (root / name).mkdir(parents=True)
        shutil.copy(shutil.which("busybox"), root / "bin/busybox")
        shutil.copy(HERE / "init", root / "init")
        shutil.copy(guest, root / "guest")
        for name in MODULES:
            for file in modules.glob(f"lib/modules/*/kernel/**/{name}.ko"):
                shutil.copy(file, root / "modules")
        listing = subprocess.run(["ldd", guest], capture_output=True, text=True, check=True).stdout
        for library in re.findall(r"(?:=> )?(/\S+) \(0x", listing):
            place = root / library.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(library, place)
        strip = shutil.which("strip")
        if strip:
            subprocess.run([strip, "--strip-debug", root / "guest"], check=True)
        return self._archive(root, self.directory / "initramfs.cpio")

    @staticmethod
    def _archive(root, to):
        with open(to, "wb") as file:
            names = subprocess.run(["find", "."], cwd=root, capture_output=True, check=True).stdout
            subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], cwd=root, input=names, stdout=file, check=True)
        return to

    def boot(self, image, file_system, guest, reports, console, cut):
        """Runs the machine to its end. `cut` has the mark and the number of the write after it at which the power is cut, and the
        file that gets the contents of the disk's cache. Returns whether the machine ended by itself."""
        mark, write, cache = cut
        drive = "file=$uri,format=raw,if=none,id=disk,cache=writeback,werror=report,rerror=report"
        machine = [
            "qemu-system-x86_64", "-accel", "tcg", "-M", "pc", "-cpu", "max", "-smp", "2", "-m", "512", "-nodefaults",
            "-no-user-config", "-display", "none", "-no-reboot", "-kernel", str(self.kernel), "-initrd", str(self.initramfs),
            "-append", f'console=ttyS0 quiet panic=-1 mitigations=off WAL_FS={file_system} WAL_GUEST="{guest}"',
            "-serial", f"file:{console}", "-serial", f"file:{reports}",
            "-device", "virtio-blk-pci,drive=disk",
        ]
        # nbdkit's shell inserts the disk's address.
        command = f"exec {shlex.join(machine)} -drive {drive}"
        process = subprocess.Popen(
            ["nbdkit", "-U", "-", str(self.plugin), f"image={image}", f"cache={cache}", f"mark={mark}", f"write={write}",
             "--run", command],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            process.wait(BOOT_SECONDS_MAX)
            return True
        except subprocess.TimeoutExpired:
            return False
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
