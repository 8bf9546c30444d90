#include "peer.h"

#include <stdio.h>

const peer_kind *peer_kind_at(int number) {
    static const peer_kind *const kinds[] = {
        &berkeleydb_peer, &berkeleydb_buffered_peer, &lmdb_peer, &rocksdb_peer, &leveldb_peer, &sqlite_peer,
    };
    return number < (int)(sizeof kinds / sizeof *kinds) ? kinds[number] : NULL;
}

static _Thread_local char message[512];

const char *peer_message(void) { return message; }

bool peer_fail(const char *what, const char *reason) {
    snprintf(message, sizeof message, "%s: %s", what, reason);
    return false;
}

peer_key peer_key_of(uint64_t number) {
    peer_key key;
    for (int index = 0; index < 8; index++) key.bytes[index] = (uint8_t)(number >> (56 - 8 * index));
    return key;
}
