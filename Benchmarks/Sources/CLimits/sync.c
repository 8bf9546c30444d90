#define _GNU_SOURCE
#include "CLimits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// The quickest of the sizes for later syncs: one dirty byte makes a sync write the whole folio.
#define ZEROING_SIZE ((size_t)16 << 10)
#define BLOCK_SIZE ((size_t)4096)

#ifndef O_DIRECT
#define O_DIRECT 0
#endif

/// A file of zeros that are on the disk. Returns its descriptor.
static int make_file(char *path, size_t path_size, const climits_load *load) {
    snprintf(path, path_size, "%s/limit-sync", load->directory);
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0) return -1;
    static const uint8_t zeros[ZEROING_SIZE];
    for (size_t offset = 0; offset < load->segment_size; offset += ZEROING_SIZE) {
        if (pwrite(file, zeros, ZEROING_SIZE, (off_t)offset) != (ssize_t)ZEROING_SIZE) {
            close(file);
            return -1;
        }
    }
    if (fsync(file) == 0) return file;
    close(file);
    return -1;
}

static long write_synced(
    int file, const void *bytes, size_t size, const climits_load *load, double seconds, bool syncs, uint32_t *latencies) {
    uint64_t start = climits_now(), last = start, end = start + (uint64_t)(seconds * 1e9);
    size_t places = load->segment_size / size;
    long done = 0;
    while (last < end && (size_t)done < load->count) {
        off_t place = (off_t)((size_t)done % places * size);
        if (pwrite(file, bytes, size, place) != (ssize_t)size) return -1;
#if defined(__APPLE__)
        if (syncs && fcntl(file, F_FULLFSYNC) != 0) return -1;
#else
        if (syncs && fdatasync(file) != 0) return -1;
#endif
        uint64_t now = climits_now();
        latencies[done++] = (uint32_t)(now - last);
        last = now;
    }
    return done;
}

long climits_sync_data(const climits_load *load, double seconds, uint32_t *latencies) {
    char path[4096];
    int file = make_file(path, sizeof path, load);
    if (file < 0) return -1;
    long done = write_synced(file, load->payload, load->payload_size, load, seconds, true, latencies);
    int reason = errno;
    close(file);
    unlink(path);
    errno = reason;
    return done;
}

long climits_sync_direct(const climits_load *load, double seconds, uint32_t *latencies) {
    char path[4096];
    int file = make_file(path, sizeof path, load);
    if (file < 0) return -1;
    close(file);
    long done = -1;
    void *block = NULL;
    file = open(path, O_RDWR | O_DIRECT | O_DSYNC | O_CLOEXEC);
    if (file >= 0 && posix_memalign(&block, BLOCK_SIZE, BLOCK_SIZE) == 0) {
        memset(block, 1, BLOCK_SIZE);
        done = write_synced(file, block, BLOCK_SIZE, load, seconds, O_DIRECT == 0, latencies);
    }
    int reason = errno;
    free(block);
    if (file >= 0) close(file);
    unlink(path);
    errno = reason;
    return done;
}
