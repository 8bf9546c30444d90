// Other libraries that keep records, all behind the same calls, by their C interfaces.
#ifndef CPEERS_H
#define CPEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// What an append must survive when it returns.
typedef enum {
    /// The death of the process, as far as the library can do that.
    peer_written,
    /// Power loss.
    peer_durable,
} peer_guarantee;

typedef struct {
    const char *name;
    const char *(*version)(void);
    /// Whether appends are lost with the process: less than the others give, and never durable.
    bool is_buffered;
    /// How it is set up, for people.
    const char *settings;
    /// Opens what is in the directory, or creates it there. Null on failure.
    void *(*open)(const char *directory, peer_guarantee guarantee);
    /// May be called by several threads at the same time.
    bool (*append)(void *peer, const void *bytes, size_t size);
    /// Appends `count` records of the same bytes with one guarantee.
    bool (*append_batch)(void *peer, const void *bytes, size_t size, size_t count);
    /// Reads all records in order, by one cursor. Returns how many there are, or a negative number; adds to `bytes`.
    long (*read)(void *peer, uint64_t *bytes);
    /// Reads the record that was appended as the how many-th, from 0. Null where it can't be found by that.
    bool (*find)(void *peer, uint64_t number);
    void (*close)(void *peer);
} peer_kind;

/// All of them by number from 0; null behind the last one.
const peer_kind *peer_kind_at(int number);

/// Why the last call of this thread failed.
const char *peer_message(void);

#endif
