// Compares the checksums of Sources/CWALShims/crc32c.c with the definition, bit by bit. Scripts/check-checksums runs it for other
// processors, too.
#include "CWALShims.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t defined_checksum(uint32_t crc, const uint8_t *bytes, size_t count) {
    crc = ~crc;
    for (size_t index = 0; index < count; index++) {
        crc ^= bytes[index];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78u : 0);
    }
    return ~crc;
}

static void require(int holds, const char *what, size_t count) {
    if (holds) return;
    fprintf(stderr, "%s is wrong for %zu bytes\n", what, count);
    exit(1);
}

int main(void) {
    static uint8_t bytes[8192 + 64];
    uint64_t state = 1, place = 0x0123456789abcdefu, first = 0x1122334455667788u, second = 0x99aabbccddeeff00u;
    for (size_t index = 0; index < sizeof bytes; index++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        bytes[index] = (uint8_t)(state >> 56);
    }
    require(cwal_crc32c(0, "123456789", 9) == 0xE3069283u, "the value of RFC 3720", 9);
    size_t cases = 0;
    for (size_t count = 0; count <= 8192; count += count < 1100 ? 1 : 517) {
        const uint8_t *start = bytes + count % 13;
        uint32_t expected = defined_checksum(7, start, count);
        require(cwal_crc32c_portable(7, start, count) == expected, "the portable checksum", count);
        require(cwal_crc32c_narrow(7, start, count) == expected, "the narrow checksum", count);
        require(cwal_crc32c(7, start, count) == expected, "the checksum", count);
        uint8_t frame[24 + 8192 + 8] = {0};
        memcpy(frame, &place, 8);
        memcpy(frame + 8, start, count);
        require(
            cwal_frame_checksum(7, place, start, count) == defined_checksum(7, frame, 8 + count), "a frame's checksum",
            count);
        memset(frame, 0, sizeof frame);
        memcpy(frame, &place, 8);
        memcpy(frame + 8, &first, 8);
        memcpy(frame + 16, &second, 8);
        memcpy(frame + 24, start, count);
        require(
            cwal_frame_checksum_of_body(7, place, first, second, start, count) ==
                defined_checksum(7, frame, 24 + (count + 7) / 8 * 8),
            "a body's checksum", count);
        cases++;
    }
    printf("%zu sizes\n", cases);
    return 0;
}
