#include "CWALShims.h"

#include <string.h>

// The reflected Castagnoli polynomial.
#define POLYNOMIAL 0x82F63B78u

static uint32_t table[8][256];

__attribute__((constructor)) static void make_table(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) ? POLYNOMIAL : 0);
        table[0][byte] = crc;
    }
    for (uint32_t byte = 0; byte < 256; byte++)
        for (int slice = 1; slice < 8; slice++)
            table[slice][byte] = (table[slice - 1][byte] >> 8) ^ table[0][table[slice - 1][byte] & 0xff];
}

uint32_t cwal_crc32c_portable(uint32_t crc, const void *bytes, size_t count) {
    const uint8_t *next = bytes;
    crc = ~crc;
    for (; count >= 8; count -= 8, next += 8) {
        uint32_t low, high;
        memcpy(&low, next, 4);
        memcpy(&high, next + 4, 4);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        low = __builtin_bswap32(low);
        high = __builtin_bswap32(high);
#endif
        low ^= crc;
        crc = table[7][low & 0xff] ^ table[6][(low >> 8) & 0xff] ^ table[5][(low >> 16) & 0xff] ^ table[4][low >> 24] ^
              table[3][high & 0xff] ^ table[2][(high >> 8) & 0xff] ^ table[1][(high >> 16) & 0xff] ^ table[0][high >> 24];
    }
    for (; count > 0; count--) crc = (crc >> 8) ^ table[0][(crc ^ *next++) & 0xff];
    return ~crc;
}

static uint64_t little_endian(uint64_t word) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return __builtin_bswap64(word);
#else
    return word;
#endif
}

#if defined(__x86_64__)
#include <nmmintrin.h>

__attribute__((target("sse4.2"))) static inline uint64_t add_sse42(uint64_t state, const uint8_t *next, size_t count) {
    for (; count >= 8; count -= 8, next += 8) {
        uint64_t word;
        memcpy(&word, next, 8);
        state = _mm_crc32_u64(state, word);
    }
    for (; count > 0; count--) state = _mm_crc32_u8((uint32_t)state, *next++);
    return state;
}

// Resolved before main: plain ever after.
static int has_sse42;

__attribute__((constructor)) static void choose(void) {
    __builtin_cpu_init();
    has_sse42 = __builtin_cpu_supports("sse4.2") != 0;
}

__attribute__((target("sse4.2"))) static uint32_t crc32c_sse42(uint32_t crc, const void *bytes, size_t count) {
    return ~(uint32_t)add_sse42(~crc, bytes, count);
}

__attribute__((target("sse4.2"))) static uint32_t frame_sse42(
    uint32_t crc, uint64_t place, const void *bytes, size_t count) {
    return ~(uint32_t)add_sse42(_mm_crc32_u64(~crc, place), bytes, count);
}

uint32_t cwal_crc32c(uint32_t crc, const void *bytes, size_t count) {
    return has_sse42 ? crc32c_sse42(crc, bytes, count) : cwal_crc32c_portable(crc, bytes, count);
}

#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>

uint32_t cwal_crc32c(uint32_t crc, const void *bytes, size_t count) {
    const uint8_t *next = bytes;
    crc = ~crc;
    for (; count >= 8; count -= 8, next += 8) {
        uint64_t word;
        memcpy(&word, next, 8);
        crc = __crc32cd(crc, word);
    }
    for (; count > 0; count--) crc = __crc32cb(crc, *next++);
    return ~crc;
}

#else

uint32_t cwal_crc32c(uint32_t crc, const void *bytes, size_t count) { return cwal_crc32c_portable(crc, bytes, count); }

#endif

uint32_t cwal_frame_checksum(uint32_t crc, uint64_t place, const void *bytes, size_t count) {
#if defined(__x86_64__)
    if (has_sse42) return frame_sse42(crc, place, bytes, count);
#endif
    uint64_t stored = little_endian(place);
    return cwal_crc32c(cwal_crc32c(crc, &stored, 8), bytes, count);
}
