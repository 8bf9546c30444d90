#define _GNU_SOURCE
#include "segments.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

// As large as the log's own writes of zeros: page-cache folios take the size of the write that made them.
#define ZEROING_SIZE ((size_t)64 << 10)

static void make_path(char *path, size_t size, const char *directory, size_t index) {
    snprintf(path, size, "%s/limit-%03zu", directory, index);
}

int segments_reserve(segments *segments, size_t segment_size, size_t count) {
    void *base = mmap(NULL, segment_size * count, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) return -1;
    segments->base = base;
    segments->segment_size = segment_size;
    segments->count = count;
    return 0;
}

static int fill_with_zeros(int file, size_t size) {
    uint8_t *zeros = calloc(1, ZEROING_SIZE);
    if (zeros == NULL) return -1;
    int result = 0;
    for (size_t offset = 0; offset < size && result == 0; offset += ZEROING_SIZE) {
        size_t count = size - offset < ZEROING_SIZE ? size - offset : ZEROING_SIZE;
        if (pwrite(file, zeros, count, (off_t)offset) != (ssize_t)count) result = -1;
    }
    free(zeros);
    return result;
}

int segments_prepare(const segments *segments, const char *directory, size_t index) {
    char path[4096];
    make_path(path, sizeof path, directory, index);
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0) return -1;
    int result = fill_with_zeros(file, segments->segment_size);
    if (result == 0) {
        uint8_t *place = segments->base + index * segments->segment_size;
        void *mapped = mmap(
            place, segments->segment_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0);
        if (mapped == MAP_FAILED) result = -1;
#ifdef MADV_POPULATE_WRITE
        // Older kernels don't know it; then the pages are made by use.
        if (result == 0) madvise(place, segments->segment_size, MADV_POPULATE_WRITE);
#endif
    }
    int reason = errno;
    close(file);
    errno = reason;
    return result;
}

void segments_release(segments *segments, const char *directory) {
    munmap(segments->base, segments->segment_size * segments->count);
    for (size_t index = 0; index < segments->count; index++) {
        char path[4096];
        make_path(path, sizeof path, directory, index);
        unlink(path);
    }
}
