// The project's own checksum, which is the fastest that is known here: the limits shall say what is left besides it.
#ifndef CLIMITS_CRC_H
#define CLIMITS_CRC_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

// Sources/CWALShims/include/CWALShims.h
uint32_t cwal_crc32c(uint32_t crc, const void *bytes, size_t count);
uint32_t cwal_frame_checksum(uint32_t crc, uint64_t place, const void *bytes, size_t count);
uint32_t cwal_frame_checksum_of_body(
    uint32_t crc, uint64_t place, uint64_t first, uint64_t second, const void *body, size_t count);

#endif
