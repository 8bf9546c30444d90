// CRC-32C by the processor's own instruction, one stream.
#ifndef CLIMITS_CRC_H
#define CLIMITS_CRC_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#define CRC_TARGET __attribute__((target("sse4.2")))
#define CRC_WORD(crc, word) _mm_crc32_u64(crc, word)
#define CRC_BYTE(crc, byte) _mm_crc32_u8((uint32_t)(crc), byte)
#elif defined(__aarch64__)
#include <arm_acle.h>
#define CRC_TARGET __attribute__((target("crc")))
#define CRC_WORD(crc, word) __crc32cd((uint32_t)(crc), word)
#define CRC_BYTE(crc, byte) __crc32cb((uint32_t)(crc), byte)
#else
#error "The limits need a processor with an instruction for CRC-32C."
#endif

/// Goes on from `state`, which is the complement of the checksum so far.
CRC_TARGET static inline uint64_t crc_add(uint64_t state, const void *bytes, size_t size) {
    const uint8_t *next = bytes;
    for (; size >= 8; size -= 8, next += 8) {
        uint64_t word;
        memcpy(&word, next, 8);
        state = CRC_WORD(state, word);
    }
    for (; size > 0; size--) state = CRC_BYTE(state, *next++);
    return state;
}

#endif
