// The envelope of FORMAT.md, as a C program would write and check it.
#ifndef CLIMITS_FRAME_H
#define CLIMITS_FRAME_H

#include "crc.h"

#define FRAME_HEADER_SIZE 24u

static inline size_t frame_size(size_t payload_size) { return (FRAME_HEADER_SIZE + payload_size + 7) & ~(size_t)7; }

/// The commit word that belongs to what is in place behind it.
static inline uint64_t frame_commit_word(const uint8_t *frame, uint32_t seed, uint32_t offset, uint32_t length) {
    size_t padded = ((size_t)length + 7) & ~(size_t)7;
    uint32_t checksum = cwal_frame_checksum(seed, (uint64_t)length << 32 | offset, frame + 8, padded - 8);
    return (uint64_t)checksum << 32 | length;
}

/// The distance by which the memory of later frames is fetched, which the processor does by itself for loads and not for stores.
#define PREFETCH_DISTANCE 2048u
#define PREFETCH_SIZE_MAX 512u

/// The checksum is of what is copied, so that nothing is read back.
static inline void frame_write(
    uint8_t *frame, uint32_t seed, uint32_t offset, uint32_t index, const void *payload, size_t payload_size) {
    uint64_t length = FRAME_HEADER_SIZE + payload_size, index_and_distance = (uint64_t)UINT32_MAX << 32 | index;
    uint64_t kind_and_time = 1, last = 0;
    size_t whole = payload_size & ~(size_t)7, rest = payload_size - whole;
    memcpy(frame + 8, &index_and_distance, 8);
    memcpy(frame + 16, &kind_and_time, 8);
    memcpy(frame + FRAME_HEADER_SIZE, payload, whole);
    if (rest > 0) {
        memcpy(&last, (const uint8_t *)payload + whole, rest);
        memcpy(frame + FRAME_HEADER_SIZE + whole, &last, 8);
    }
    uint32_t checksum = cwal_frame_checksum_of_body(
        seed, length << 32 | offset, index_and_distance, kind_and_time, payload, payload_size);
    for (size_t ahead = 0; ahead < length && ahead < PREFETCH_SIZE_MAX; ahead += 64)
        __builtin_prefetch(frame + PREFETCH_DISTANCE + ahead, 1);
    uint64_t word = (uint64_t)checksum << 32 | length;
    __atomic_store_n((uint64_t *)(void *)frame, word, __ATOMIC_RELEASE);
}

#endif
