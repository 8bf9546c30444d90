// Segment files as the log prepares them: zeros written, mapped, pages made, nothing synced.
#ifndef CLIMITS_SEGMENTS_H
#define CLIMITS_SEGMENTS_H

#include <stddef.h>
#include <stdint.h>

/// Segments side by side in memory, so that a place in one of them is a place in all.
typedef struct {
    uint8_t *base;
    size_t segment_size;
    size_t count;
} segments;

/// Room for `count` segments. Returns 0.
int segments_reserve(segments *segments, size_t segment_size, size_t count);

/// Makes the file and maps it. Returns 0.
int segments_prepare(const segments *segments, const char *directory, size_t index);

/// Unmaps all and removes the files.
void segments_release(segments *segments, const char *directory);

#endif
