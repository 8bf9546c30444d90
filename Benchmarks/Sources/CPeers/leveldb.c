#include "peer.h"

#include <leveldb/c.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
    leveldb_t *database;
    leveldb_options_t *options;
    leveldb_writeoptions_t *writing;
    atomic_uint_fast64_t next;
} level;

static const char *version(void) {
    static char text[32];
    snprintf(text, sizeof text, "%d.%d", leveldb_major_version(), leveldb_minor_version());
    return text;
}

static bool fail(char *error) {
    peer_fail("LevelDB", error);
    leveldb_free(error);
    return false;
}

static void *open_peer(const char *directory, peer_guarantee guarantee) {
    level *peer = calloc(1, sizeof *peer);
    if (peer == NULL) return NULL;
    peer->options = leveldb_options_create();
    leveldb_options_set_create_if_missing(peer->options, 1);
    leveldb_options_set_write_buffer_size(peer->options, peer_file_size);
    leveldb_options_set_max_file_size(peer->options, peer_file_size);
    leveldb_options_set_compression(peer->options, leveldb_no_compression);
    peer->writing = leveldb_writeoptions_create();
    leveldb_writeoptions_set_sync(peer->writing, guarantee == peer_durable);
    char *error = NULL;
    peer->database = leveldb_open(peer->options, directory, &error);
    if (error == NULL) return peer;
    fail(error);
    leveldb_writeoptions_destroy(peer->writing);
    leveldb_options_destroy(peer->options);
    free(peer);
    return NULL;
}

static bool append(void *opaque, const void *bytes, size_t size) {
    level *peer = opaque;
    peer_key key = peer_key_of(atomic_fetch_add(&peer->next, 1));
    char *error = NULL;
    leveldb_put(peer->database, peer->writing, (const char *)key.bytes, sizeof key, bytes, size, &error);
    return error == NULL || fail(error);
}

static bool append_batch(void *opaque, const void *bytes, size_t size, size_t count) {
    level *peer = opaque;
    leveldb_writebatch_t *batch = leveldb_writebatch_create();
    for (size_t index = 0; index < count; index++) {
        peer_key key = peer_key_of(atomic_fetch_add(&peer->next, 1));
        leveldb_writebatch_put(batch, (const char *)key.bytes, sizeof key, bytes, size);
    }
    char *error = NULL;
    leveldb_write(peer->database, peer->writing, batch, &error);
    leveldb_writebatch_destroy(batch);
    return error == NULL || fail(error);
}

static long read_all(void *opaque, uint64_t *bytes) {
    level *peer = opaque;
    leveldb_readoptions_t *reading = leveldb_readoptions_create();
    leveldb_readoptions_set_verify_checksums(reading, 1);
    leveldb_iterator_t *iterator = leveldb_create_iterator(peer->database, reading);
    long count = 0;
    for (leveldb_iter_seek_to_first(iterator); leveldb_iter_valid(iterator); leveldb_iter_next(iterator)) {
        size_t size;
        leveldb_iter_value(iterator, &size);
        *bytes += size;
        count++;
    }
    char *error = NULL;
    leveldb_iter_get_error(iterator, &error);
    leveldb_iter_destroy(iterator);
    leveldb_readoptions_destroy(reading);
    return error == NULL || fail(error) ? count : -1;
}

static bool find(void *opaque, uint64_t number) {
    level *peer = opaque;
    peer_key key = peer_key_of(number);
    leveldb_readoptions_t *reading = leveldb_readoptions_create();
    char *error = NULL;
    size_t size;
    char *value = leveldb_get(peer->database, reading, (const char *)key.bytes, sizeof key, &size, &error);
    leveldb_readoptions_destroy(reading);
    if (error != NULL) return fail(error);
    if (value == NULL) return peer_fail("LevelDB", "no such key");
    leveldb_free(value);
    return true;
}

static void close_peer(void *opaque) {
    level *peer = opaque;
    leveldb_close(peer->database);
    leveldb_writeoptions_destroy(peer->writing);
    leveldb_options_destroy(peer->options);
    free(peer);
}

const peer_kind leveldb_peer = {
    .name = "LevelDB",
    .version = version,
    .settings = "put of a rising key of 8 bytes; write_buffer_size 64 MiB, no compression; written: the log by write(), "
                "durable: WriteOptions.sync",
    .open = open_peer,
    .append = append,
    .append_batch = append_batch,
    .read = read_all,
    .find = find,
    .close = close_peer,
};
