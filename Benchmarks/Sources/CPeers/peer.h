#ifndef CPEERS_PEER_H
#define CPEERS_PEER_H

#include "CPeers.h"

extern const peer_kind rocksdb_peer, leveldb_peer, lmdb_peer, berkeleydb_peer, berkeleydb_buffered_peer, sqlite_peer;

/// About the size of the log's segments: when to begin a new file.
enum { peer_file_size = 64 << 20 };

/// Notes why something failed. Returns false.
bool peer_fail(const char *what, const char *reason);

/// A key that sorts by number.
typedef struct {
    uint8_t bytes[8];
} peer_key;

peer_key peer_key_of(uint64_t number);

#endif
