#define _GNU_SOURCE
#include "CLimits.h"
#include "frame.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

// FORMAT.md, "Segment header"
#define HEADERS_SIZE 1024u
#define LOG_ID_OFFSET 32
#define INCARNATION_OFFSET 56
// FORMAT.md, "Frames"
#define KIND_OFFSET 16
#define KIND_RECORD 0x01

static void scan_frames(const uint8_t *base, size_t size, climits_scan *scan) {
    uint32_t seed = cwal_crc32c(cwal_crc32c(0, base + LOG_ID_OFFSET, 16), base + INCARNATION_OFFSET, 8);
    size_t offset = HEADERS_SIZE;
    while (offset + FRAME_HEADER_SIZE <= size) {
        uint64_t word = __atomic_load_n((const uint64_t *)(const void *)(base + offset), __ATOMIC_ACQUIRE);
        uint32_t length = (uint32_t)word;
        size_t padded = ((size_t)length + 7) & ~(size_t)7;
        if (length < FRAME_HEADER_SIZE || padded > size - offset) break;
        if (frame_commit_word(base + offset, seed, (uint32_t)offset, length) != word) scan->bad++;
        scan->records += base[offset + KIND_OFFSET] == KIND_RECORD;
        offset += padded;
    }
    scan->bytes += offset;
}

static int scan_segment(const char *path, climits_scan *scan) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return -1;
    struct stat status;
    int result = -1;
    if (fstat(file, &status) == 0 && status.st_size >= HEADERS_SIZE) {
        void *base = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, file, 0);
        if (base != MAP_FAILED) {
            scan_frames(base, (size_t)status.st_size, scan);
            munmap(base, (size_t)status.st_size);
            result = 0;
        }
    }
    int reason = errno;
    close(file);
    errno = reason;
    return result;
}

typedef struct {
    const char *const *paths;
    size_t count;
    climits_scan found;
    int result;
} part;

static void *scan_part(void *argument) {
    part *part = argument;
    for (size_t index = 0; index < part->count && part->result == 0; index++)
        part->result = scan_segment(part->paths[index], &part->found);
    return NULL;
}

int climits_scan_segments(const char *const *paths, size_t count, unsigned threads, climits_scan *scan) {
    size_t half = threads > 1 ? count / 2 : 0;
    part first = {.paths = paths, .count = half}, second = {.paths = paths + half, .count = count - half};
    pthread_t thread;
    bool is_started = half > 0 && pthread_create(&thread, NULL, scan_part, &first) == 0;
    if (!is_started) scan_part(&first);
    scan_part(&second);
    if (is_started) pthread_join(thread, NULL);
    scan->records = first.found.records + second.found.records;
    scan->bytes = first.found.bytes + second.found.bytes;
    scan->bad = first.found.bad + second.found.bad;
    return first.result != 0 ? first.result : second.result;
}
