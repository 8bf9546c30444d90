#include "peer.h"

#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
    MDB_env *environment;
    MDB_dbi database;
    /// Guarded by the library's own lock for the one transaction that writes.
    uint64_t next;
} lightning;

static const char *version(void) {
    static char text[32];
    int major, minor, patch;
    mdb_version(&major, &minor, &patch);
    snprintf(text, sizeof text, "%d.%d.%d", major, minor, patch);
    return text;
}

static bool fail(int error) { return peer_fail("LMDB", mdb_strerror(error)); }

static int open_database(lightning *peer, const char *directory, peer_guarantee guarantee) {
    // Dirty pages of a shared mapping survive the process; a sync of them costs more than writing them.
    unsigned flags = guarantee == peer_written ? MDB_WRITEMAP | MDB_NOSYNC : 0;
    int error = mdb_env_set_mapsize(peer->environment, (size_t)32 << 30);
    if (error == 0) error = mdb_env_open(peer->environment, directory, flags, 0644);
    MDB_txn *transaction;
    if (error == 0) error = mdb_txn_begin(peer->environment, NULL, 0, &transaction);
    if (error != 0) return error;
    error = mdb_dbi_open(transaction, NULL, MDB_INTEGERKEY, &peer->database);
    MDB_stat statistics;
    if (error == 0) error = mdb_stat(transaction, peer->database, &statistics);
    if (error == 0) {
        peer->next = statistics.ms_entries;
        return mdb_txn_commit(transaction);
    }
    mdb_txn_abort(transaction);
    return error;
}

static void *open_peer(const char *directory, peer_guarantee guarantee) {
    lightning *peer = calloc(1, sizeof *peer);
    if (peer == NULL) return NULL;
    int error = mdb_env_create(&peer->environment);
    if (error == 0) error = open_database(peer, directory, guarantee);
    if (error == 0) return peer;
    fail(error);
    if (peer->environment != NULL) mdb_env_close(peer->environment);
    free(peer);
    return NULL;
}

static bool append_batch(void *opaque, const void *bytes, size_t size, size_t count) {
    lightning *peer = opaque;
    MDB_txn *transaction;
    int error = mdb_txn_begin(peer->environment, NULL, 0, &transaction);
    if (error != 0) return fail(error);
    uint64_t next = peer->next;
    for (size_t index = 0; index < count && error == 0; index++, next++) {
        MDB_val key = {sizeof next, &next}, value = {size, (void *)bytes};
        error = mdb_put(transaction, peer->database, &key, &value, MDB_APPEND);
    }
    if (error != 0) {
        mdb_txn_abort(transaction);
        return fail(error);
    }
    // Before the commit: that frees the lock.
    peer->next = next;
    error = mdb_txn_commit(transaction);
    return error == 0 || fail(error);
}

static bool append(void *opaque, const void *bytes, size_t size) { return append_batch(opaque, bytes, size, 1); }

static long read_all(void *opaque, uint64_t *bytes) {
    lightning *peer = opaque;
    MDB_txn *transaction;
    int error = mdb_txn_begin(peer->environment, NULL, MDB_RDONLY, &transaction);
    if (error != 0) return fail(error) ? 0 : -1;
    MDB_cursor *cursor;
    long count = 0;
    error = mdb_cursor_open(transaction, peer->database, &cursor);
    if (error == 0) {
        MDB_val key, value;
        while ((error = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
            // Its pages have no checksums; to be fair the bytes are at least met.
            *bytes += value.mv_size + (((const volatile uint8_t *)value.mv_data)[0] & 0);
            count++;
        }
        mdb_cursor_close(cursor);
    }
    mdb_txn_abort(transaction);
    return error == MDB_NOTFOUND || fail(error) ? count : -1;
}

static bool find(void *opaque, uint64_t number) {
    lightning *peer = opaque;
    MDB_txn *transaction;
    int error = mdb_txn_begin(peer->environment, NULL, MDB_RDONLY, &transaction);
    if (error != 0) return fail(error);
    MDB_val key = {sizeof number, &number}, value;
    error = mdb_get(transaction, peer->database, &key, &value);
    mdb_txn_abort(transaction);
    return error == 0 || fail(error);
}

static void close_peer(void *opaque) {
    lightning *peer = opaque;
    mdb_env_close(peer->environment);
    free(peer);
}

const peer_kind lmdb_peer = {
    .name = "LMDB",
    .version = version,
    .settings = "mdb_put with MDB_APPEND, one transaction a call, key of 8 bytes; written: MDB_WRITEMAP and MDB_NOSYNC; "
                "durable: no flags; one file; no checksums",
    .open = open_peer,
    .append = append,
    .append_batch = append_batch,
    .read = read_all,
    .find = find,
    .close = close_peer,
};
