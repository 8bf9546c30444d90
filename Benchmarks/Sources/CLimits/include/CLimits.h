// What the machine gives to a small C loop: the limits that a log is measured beside.
//
// Functions return a negative number where a system call failed; errno says why.
#ifndef CLIMITS_H
#define CLIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/// Nanoseconds on the clock that all measurements use.
static inline uint64_t climits_now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/// How often a thread went to sleep by itself, and how often it was taken off its core.
typedef struct {
    long sleeps;
    long preemptions;
} climits_thread_usage;

/// Of the calling thread since it began; zeros where the system doesn't tell.
void climits_use(climits_thread_usage *usage);

/// Keeps the calling thread on one core, by turns for rising numbers: two threads that happen to share a core don't contend,
/// and look faster than those that do.
void climits_pin(unsigned number);

/// Uses this much memory once and gives it back. A virtual machine's host takes free memory away, and giving it again costs
/// whoever uses it next ten times what the kernel's own page fault does.
void climits_warm_memory(size_t size);

/// What is appended, and where to.
typedef struct {
    const char *directory;
    const void *payload;
    size_t payload_size;
    size_t count;
    size_t segment_size;
    /// Segments that are ready before the clock starts.
    size_t segments_ready;
    unsigned threads;
} climits_load;

/// Seconds for copying the payloads into segments that are all ready, to the places that frames give them.
double climits_copy(const climits_load *load);

/// Seconds for frames with checksums in segments that are all ready: one thread counts for itself, more of them claim their
/// places by one atomic add. `latencies`, where not null and with one thread, takes each append's nanoseconds.
double climits_append(const climits_load *load, uint32_t *latencies);

/// The same with one thread, while a second one prepares the segments behind those that are ready.
double climits_append_preparing(const climits_load *load, uint32_t *latencies);

/// `pwrite` of the payload at consecutive places of a file filled with zeros, each followed by `fdatasync`, until `seconds`
/// have passed or `count` were done. Returns how many were.
long climits_sync_data(const climits_load *load, double seconds, uint32_t *latencies);

/// The same with blocks of 4 KiB and `O_DIRECT | O_DSYNC`.
long climits_sync_direct(const climits_load *load, double seconds, uint32_t *latencies);

/// What a scan came to.
typedef struct {
    uint64_t records;
    uint64_t bytes;
    /// Frames whose checksum is wrong.
    uint64_t bad;
} climits_scan;

/// Maps segments of the log (FORMAT.md) and checks each frame, with one thread or two. Returns 0.
int climits_scan_segments(const char *const *paths, size_t count, unsigned threads, climits_scan *scan);

/// Bytes that the allocator has given out in this process; 0 where it doesn't tell.
size_t climits_heap(void);

/// Makes a hole in a file from one place to another. Returns 0.
int climits_punch(const char *path, size_t from, size_t to);

#endif
