#define _GNU_SOURCE
#include "peer.h"

#include <dlfcn.h>
#include <limits.h>
#include <rocksdb/c.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    rocksdb_t *database;
    rocksdb_options_t *options;
    rocksdb_writeoptions_t *writing;
    atomic_uint_fast64_t next;
} rocks;

/// The C interface doesn't tell, but the library's file is named by it.
static const char *version(void) {
    static char path[PATH_MAX];
    Dl_info library;
    if (dladdr((void *)rocksdb_open, &library) == 0 || realpath(library.dli_fname, path) == NULL) return "";
    const char *number = strstr(path, ".so.");
    return number == NULL ? "" : number + 4;
}

static bool fail(char *error) {
    peer_fail("RocksDB", error);
    rocksdb_free(error);
    return false;
}

static void *open_peer(const char *directory, peer_guarantee guarantee) {
    rocks *peer = calloc(1, sizeof *peer);
    if (peer == NULL) return NULL;
    peer->options = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(peer->options, 1);
    rocksdb_options_set_write_buffer_size(peer->options, peer_file_size);
    rocksdb_options_set_max_write_buffer_number(peer->options, 4);
    rocksdb_options_set_compression(peer->options, rocksdb_no_compression);
    rocksdb_options_set_disable_auto_compactions(peer->options, 1);
    rocksdb_options_set_level0_slowdown_writes_trigger(peer->options, 1 << 20);
    rocksdb_options_set_level0_stop_writes_trigger(peer->options, 1 << 20);
    rocksdb_options_set_enable_pipelined_write(peer->options, 1);
    peer->writing = rocksdb_writeoptions_create();
    rocksdb_writeoptions_set_sync(peer->writing, guarantee == peer_durable);
    char *error = NULL;
    peer->database = rocksdb_open(peer->options, directory, &error);
    if (error == NULL) return peer;
    fail(error);
    rocksdb_writeoptions_destroy(peer->writing);
    rocksdb_options_destroy(peer->options);
    free(peer);
    return NULL;
}

static bool append(void *opaque, const void *bytes, size_t size) {
    rocks *peer = opaque;
    peer_key key = peer_key_of(atomic_fetch_add(&peer->next, 1));
    char *error = NULL;
    rocksdb_put(peer->database, peer->writing, (const char *)key.bytes, sizeof key, bytes, size, &error);
    return error == NULL || fail(error);
}

static bool append_batch(void *opaque, const void *bytes, size_t size, size_t count) {
    rocks *peer = opaque;
    rocksdb_writebatch_t *batch = rocksdb_writebatch_create();
    for (size_t index = 0; index < count; index++) {
        peer_key key = peer_key_of(atomic_fetch_add(&peer->next, 1));
        rocksdb_writebatch_put(batch, (const char *)key.bytes, sizeof key, bytes, size);
    }
    char *error = NULL;
    rocksdb_write(peer->database, peer->writing, batch, &error);
    rocksdb_writebatch_destroy(batch);
    return error == NULL || fail(error);
}

static long read_all(void *opaque, uint64_t *bytes) {
    rocks *peer = opaque;
    rocksdb_readoptions_t *reading = rocksdb_readoptions_create();
    rocksdb_readoptions_set_verify_checksums(reading, 1);
    rocksdb_iterator_t *iterator = rocksdb_create_iterator(peer->database, reading);
    long count = 0;
    for (rocksdb_iter_seek_to_first(iterator); rocksdb_iter_valid(iterator); rocksdb_iter_next(iterator)) {
        size_t size;
        rocksdb_iter_value(iterator, &size);
        *bytes += size;
        count++;
    }
    char *error = NULL;
    rocksdb_iter_get_error(iterator, &error);
    rocksdb_iter_destroy(iterator);
    rocksdb_readoptions_destroy(reading);
    return error == NULL || fail(error) ? count : -1;
}

static bool find(void *opaque, uint64_t number) {
    rocks *peer = opaque;
    peer_key key = peer_key_of(number);
    rocksdb_readoptions_t *reading = rocksdb_readoptions_create();
    char *error = NULL;
    rocksdb_pinnableslice_t *value = rocksdb_get_pinned(
        peer->database, reading, (const char *)key.bytes, sizeof key, &error);
    rocksdb_readoptions_destroy(reading);
    if (error != NULL) return fail(error);
    if (value == NULL) return peer_fail("RocksDB", "no such key");
    rocksdb_pinnableslice_destroy(value);
    return true;
}

static void close_peer(void *opaque) {
    rocks *peer = opaque;
    rocksdb_close(peer->database);
    rocksdb_writeoptions_destroy(peer->writing);
    rocksdb_options_destroy(peer->options);
    free(peer);
}

const peer_kind rocksdb_peer = {
    .name = "RocksDB",
    .version = version,
    .settings = "put of a rising key of 8 bytes; write_buffer_size 64 MiB, at most 4, no compression, no compaction, "
                "enable_pipelined_write; written: the WAL by write(), durable: WriteOptions.sync",
    .open = open_peer,
    .append = append,
    .append_batch = append_batch,
    .read = read_all,
    .find = find,
    .close = close_peer,
};
