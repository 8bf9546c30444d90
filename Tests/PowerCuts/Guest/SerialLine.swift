import Glibc

/// Reports progress on standard output, which is the machine's serial line. A line is written before the call returns.
///
/// | Line | Meaning |
/// | --- | --- |
/// | `O n` | the log is open; numbers up to `n` that the opening saw must not be given again |
/// | `A s p c` | the append of payload number `p` has returned: `c` records, the last with the sequence number `s` |
/// | `D s` | all records up to `s` are durable |
/// | `C s` | a cursor is about to be set to `s`: records up to it may be removed |
/// | `K t v b` | version `v` of task `t`, saved in boot `b`, is durable |
/// | `E text` | the work ended with this error, as it must when the disk is gone |
enum SerialLine {
    static func say(_ text: String) {
        var bytes = Array((text + "\n").utf8)[...]
        while !bytes.isEmpty {
            let count = unsafe bytes.withUnsafeBytes { unsafe write(1, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }
}

/// Reports the guest's progress to the disk, by a write to its last 4 KiB that bypasses all caches: see disk.c.
func markDisk() {
    let direct: Int32 = 0o40000  // O_DIRECT, which Glibc hides.
    let device = open("/dev/vda", O_RDWR | direct)
    var block: UnsafeMutableRawPointer?
    guard device >= 0, unsafe posix_memalign(&block, 4096, 4096) == 0, let block = unsafe block else { return }
    unsafe memset(block, 0, 4096)
    _ = unsafe pwrite(device, block, 4096, lseek(device, 0, SEEK_END) - 4096)
    unsafe free(block)
    close(device)
}
