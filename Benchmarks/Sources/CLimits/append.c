#define _GNU_SOURCE
#include "CLimits.h"
#include "frame.h"
#include "segments.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static const uint32_t seed = 0x5eed5eed;

static double seconds_since(uint64_t start) { return (double)(climits_now() - start) / 1e9; }

// All segments ready

typedef struct {
    const climits_load *load;
    segments segments;
    pthread_barrier_t start;
    _Alignas(64) atomic_size_t claimed;
} shared_append;

typedef struct {
    shared_append *shared;
    pthread_t handle;
    unsigned index;
    uint64_t start;
    uint64_t end;
} appender;

static void *append_claiming(void *argument) {
    appender *appender = argument;
    shared_append *shared = appender->shared;
    climits_pin(appender->index);
    const climits_load *load = shared->load;
    size_t size = frame_size(load->payload_size), end = size * load->count;
    uint8_t *base = shared->segments.base;
    pthread_barrier_wait(&shared->start);
    appender->start = climits_now();
    while (1) {
        size_t offset = atomic_fetch_add_explicit(&shared->claimed, size, memory_order_relaxed);
        if (offset >= end) break;
        frame_write(
            base + offset, seed, (uint32_t)offset, (uint32_t)(offset >> 3), load->payload, load->payload_size);
    }
    appender->end = climits_now();
    return NULL;
}

static void append_alone(const climits_load *load, uint8_t *base, uint32_t *latencies) {
    size_t size = frame_size(load->payload_size);
    uint64_t last = latencies ? climits_now() : 0;
    for (size_t index = 0; index < load->count; index++) {
        size_t offset = index * size;
        frame_write(base + offset, seed, (uint32_t)offset, (uint32_t)index, load->payload, load->payload_size);
        if (latencies) {
            uint64_t now = climits_now();
            latencies[index] = (uint32_t)(now - last);
            last = now;
        }
    }
}

/// From when the first thread starts until the last one ends.
static double append_together(shared_append *shared) {
    unsigned threads = shared->load->threads;
    appender *appenders = calloc(threads, sizeof *appenders);
    if (appenders == NULL) return -1;
    pthread_barrier_init(&shared->start, NULL, threads);
    for (unsigned index = 0; index < threads; index++) {
        appenders[index].shared = shared;
        appenders[index].index = index;
        // Those that wait at the barrier can't be called back.
        if (pthread_create(&appenders[index].handle, NULL, append_claiming, &appenders[index]) != 0) abort();
    }
    uint64_t start = UINT64_MAX, end = 0;
    for (unsigned index = 0; index < threads; index++) {
        pthread_join(appenders[index].handle, NULL);
        if (appenders[index].start < start) start = appenders[index].start;
        if (appenders[index].end > end) end = appenders[index].end;
    }
    pthread_barrier_destroy(&shared->start);
    free(appenders);
    return (double)(end - start) / 1e9;
}

/// Makes all segments that the frames need. Returns 0.
static int prepare_all(segments *segments, const climits_load *load) {
    size_t total = frame_size(load->payload_size) * load->count;
    size_t count = (total + load->segment_size - 1) / load->segment_size;
    if (segments_reserve(segments, load->segment_size, count) != 0) return -1;
    for (size_t index = 0; index < count; index++)
        if (segments_prepare(segments, load->directory, index) != 0) return -1;
    return 0;
}

double climits_copy(const climits_load *load) {
    segments segments = {0};
    double seconds = -1;
    if (prepare_all(&segments, load) == 0) {
        size_t size = frame_size(load->payload_size);
        uint64_t start = climits_now();
        for (size_t index = 0; index < load->count; index++)
            memcpy(segments.base + index * size + FRAME_HEADER_SIZE, load->payload, load->payload_size);
        seconds = seconds_since(start);
    }
    segments_release(&segments, load->directory);
    return seconds;
}

double climits_append(const climits_load *load, uint32_t *latencies) {
    shared_append shared = {.load = load};
    double seconds = prepare_all(&shared.segments, load) == 0 ? 0 : -1;
    if (seconds == 0 && load->threads > 1) {
        seconds = append_together(&shared);
    } else if (seconds == 0) {
        uint64_t start = climits_now();
        append_alone(load, shared.segments.base, latencies);
        seconds = seconds_since(start);
    }
    segments_release(&shared.segments, load->directory);
    return seconds;
}

// Segments made meanwhile

typedef struct {
    const climits_load *load;
    segments segments;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    size_t ready;
    size_t in_use;
    bool has_failed;
} preparation;

static void *prepare_ahead(void *argument) {
    preparation *preparation = argument;
    pthread_mutex_lock(&preparation->mutex);
    while (preparation->ready < preparation->segments.count && !preparation->has_failed) {
        if (preparation->ready >= preparation->in_use + preparation->load->segments_ready) {
            pthread_cond_wait(&preparation->changed, &preparation->mutex);
            continue;
        }
        pthread_mutex_unlock(&preparation->mutex);
        int result = segments_prepare(&preparation->segments, preparation->load->directory, preparation->ready);
        pthread_mutex_lock(&preparation->mutex);
        if (result == 0) preparation->ready++;
        else preparation->has_failed = true;
        pthread_cond_broadcast(&preparation->changed);
    }
    pthread_mutex_unlock(&preparation->mutex);
    return NULL;
}

/// Waits for the segment. Returns whether it is there.
static bool enter(preparation *preparation, size_t index) {
    pthread_mutex_lock(&preparation->mutex);
    preparation->in_use = index;
    pthread_cond_broadcast(&preparation->changed);
    while (preparation->ready <= index && !preparation->has_failed)
        pthread_cond_wait(&preparation->changed, &preparation->mutex);
    bool is_there = preparation->ready > index;
    pthread_mutex_unlock(&preparation->mutex);
    return is_there;
}

static bool append_entering(preparation *preparation, uint32_t *latencies) {
    const climits_load *load = preparation->load;
    size_t size = frame_size(load->payload_size), per_segment = load->segment_size / size, in_segment = per_segment;
    size_t segment = 0;
    uint8_t *base = NULL;
    uint64_t last = latencies ? climits_now() : 0;
    for (size_t index = 0; index < load->count; index++) {
        if (in_segment == per_segment) {
            if (!enter(preparation, segment)) return false;
            base = preparation->segments.base + segment * load->segment_size;
            segment++;
            in_segment = 0;
        }
        size_t offset = in_segment * size;
        frame_write(
            base + offset, seed, (uint32_t)offset, (uint32_t)in_segment, load->payload, load->payload_size);
        in_segment++;
        if (latencies) {
            uint64_t now = climits_now();
            latencies[index] = (uint32_t)(now - last);
            last = now;
        }
    }
    return true;
}

double climits_append_preparing(const climits_load *load, uint32_t *latencies) {
    preparation preparation = {
        .load = load, .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    size_t per_segment = load->segment_size / frame_size(load->payload_size);
    size_t count = (load->count + per_segment - 1) / per_segment;
    if (segments_reserve(&preparation.segments, load->segment_size, count) != 0) return -1;
    double seconds = -1;
    while (preparation.ready < load->segments_ready && preparation.ready < count && !preparation.has_failed) {
        if (segments_prepare(&preparation.segments, load->directory, preparation.ready) == 0) preparation.ready++;
        else preparation.has_failed = true;
    }
    pthread_t thread;
    if (!preparation.has_failed && pthread_create(&thread, NULL, prepare_ahead, &preparation) == 0) {
        uint64_t start = climits_now();
        if (append_entering(&preparation, latencies)) seconds = seconds_since(start);
        pthread_join(thread, NULL);
    }
    segments_release(&preparation.segments, load->directory);
    return seconds;
}
