// Functions that Swift can't import or express: CRC-32C with processor instructions, and a few system calls.
#ifndef CWAL_SHIMS_H
#define CWAL_SHIMS_H

#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/// CRC-32C (Castagnoli; RFC 3720, section B.4) of `count` bytes, continued from `crc`, the checksum of the bytes before
/// them (0 at the start). `cwal_crc32c(cwal_crc32c(0, a), b)` is the checksum of `a` followed by `b`.
uint32_t cwal_crc32c(uint32_t crc, const void *bytes, size_t count);

/// The checksum of a frame in one call: of `place` (eight bytes, little-endian) followed by `count` bytes, continued
/// from `crc`.
uint32_t cwal_frame_checksum(uint32_t crc, uint64_t place, const void *bytes, size_t count);

/// The checksum of a frame whose body may lie elsewhere. The words `first` and `second` are the 16 bytes after the
/// commit word, little-endian. The checksum covers the body with zeros up to a multiple of eight bytes.
uint32_t cwal_frame_checksum_of_body(
    uint32_t crc, uint64_t place, uint64_t first, uint64_t second, const void *body, size_t count);

/// `cwal_crc32c` without processor instructions: the reference for tests, and the fallback.
uint32_t cwal_crc32c_portable(uint32_t crc, const void *bytes, size_t count);

/// `cwal_crc32c` without AVX-512: for short stretches, other processors, and tests.
uint32_t cwal_crc32c_narrow(uint32_t crc, const void *bytes, size_t count);

/// Microseconds since 1970 at the kernel's tick (1 to 4 ms), read without a system call.
int64_t cwal_coarse_realtime_microseconds(void);

/// The kernel's uptime in microseconds, including sleep, by a clock that can't be set; 0 if there is no such clock.
int64_t cwal_uptime_microseconds(void);

/// Prefetches memory that will soon be stored to.
static inline void cwal_prefetch_for_stores(const char *bytes, size_t count) {
    for (size_t offset = 0; offset < count; offset += 64) __builtin_prefetch(bytes + offset, 1);
}

/// Names the calling thread for debuggers and `top`. The name has at most 15 bytes.
void cwal_set_thread_name(const char *name);

/// Lowers the calling thread's priority, so that other threads of the system run first. Does nothing on a system
/// without priorities of threads.
void cwal_lower_thread_priority(void);

/// `fdatasync(2)`; on Apple's systems `fcntl(F_FULLFSYNC)`, the only call there that reaches the medium.
int cwal_sync_data(int descriptor);

/// `openat(2)` with `O_CLOEXEC` that returns a descriptor of 3 or higher. In a process whose standard descriptors are closed, printed
/// text would go into a file that has one of their numbers.
int cwal_open_at(int directory, const char *path, int flags, unsigned mode);

/// Opens /dev/null permanently in place of each closed descriptor of standard input, output and error, so that no file
/// that this process opens later gets one of their numbers.
void cwal_fill_standard_descriptors(void);

/// `pwrite(2)` that fails with EFBIG past the limit of file sizes, and sends the thread no SIGXFSZ.
ssize_t cwal_pwrite(int descriptor, const void *bytes, size_t count, off_t offset);

/// `ftruncate(2)` that fails with EFBIG past the limit of file sizes, and sends the thread no SIGXFSZ.
int cwal_ftruncate(int descriptor, off_t size);

/// Blocks SIGXFSZ in the calling thread permanently. The library's own threads use it: no later call has to block the
/// signal again, and writes of a database's client library are covered as well.
void cwal_block_file_size_signal(void);

/// The number by which `statfs(2)` identifies the kind of file system of a descriptor's file; 0 if it is unknown.
int64_t cwal_file_system_number(int descriptor);

/// Whether a time server sets the system's clock: 1 if so, 0 if not, -1 if the system doesn't report it.
int cwal_clock_is_set(void);

/// Notes that the calling thread doesn't belong to the cooperative pool, so a call that would suspend may block it
/// instead.
void cwal_set_thread_may_block(void);

bool cwal_thread_may_block(void);

/// Reports to systemd that this service is ready, as sd_notify(3) does. Does nothing in a process that isn't a service of the type
/// `notify`.
void cwal_notify_ready(void);

/// Sleeps while `word` has `value`, until it is woken. May return without a reason.
void cwal_wait_while_equal(const uint32_t *word, uint32_t value);

/// Wakes one of the threads that sleep on `word`.
void cwal_wake_one(const uint32_t *word);

/// Wakes all threads that sleep on `word`.
void cwal_wake_all(const uint32_t *word);

/// Sleeps while `word`, in a mapping that processes share, has `value`, for at most `nanoseconds`. May return without a
/// reason.
void cwal_wait_while_equal_shared(const uint32_t *word, uint32_t value, uint64_t nanoseconds);

/// Wakes all threads of all processes that sleep on `word`.
void cwal_wake_all_shared(const uint32_t *word);

#endif
