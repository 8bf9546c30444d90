#include "peer.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
    sqlite3 *database;
    sqlite3_stmt *insert, *begin, *commit;
    /// One connection for all threads: with several they would wait for each other by sleeping.
    pthread_mutex_t mutex;
} lite;

static const char *version(void) { return sqlite3_libversion(); }

static bool fail(sqlite3 *database) { return peer_fail("SQLite", database ? sqlite3_errmsg(database) : "no memory"); }

static bool prepare(lite *peer, peer_guarantee guarantee) {
    const char *setup[] = {
        "PRAGMA journal_mode=WAL",
        "PRAGMA locking_mode=EXCLUSIVE",
        // Pages of 4 KiB, so 64 MiB.
        "PRAGMA wal_autocheckpoint=16384",
        guarantee == peer_durable ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=OFF",
        "CREATE TABLE IF NOT EXISTS record (number INTEGER PRIMARY KEY, payload BLOB NOT NULL)",
    };
    for (size_t index = 0; index < sizeof setup / sizeof *setup; index++)
        if (sqlite3_exec(peer->database, setup[index], NULL, NULL, NULL) != SQLITE_OK) return false;
    return sqlite3_prepare_v3(
               peer->database, "INSERT INTO record (payload) VALUES (?)", -1, SQLITE_PREPARE_PERSISTENT, &peer->insert,
               NULL) == SQLITE_OK &&
           sqlite3_prepare_v3(peer->database, "BEGIN", -1, SQLITE_PREPARE_PERSISTENT, &peer->begin, NULL) == SQLITE_OK &&
           sqlite3_prepare_v3(peer->database, "COMMIT", -1, SQLITE_PREPARE_PERSISTENT, &peer->commit, NULL) == SQLITE_OK;
}

static void close_peer(void *opaque) {
    lite *peer = opaque;
    sqlite3_finalize(peer->insert);
    sqlite3_finalize(peer->begin);
    sqlite3_finalize(peer->commit);
    sqlite3_close(peer->database);
    pthread_mutex_destroy(&peer->mutex);
    free(peer);
}

static void *open_peer(const char *directory, peer_guarantee guarantee) {
    lite *peer = calloc(1, sizeof *peer);
    if (peer == NULL) return NULL;
    pthread_mutex_init(&peer->mutex, NULL);
    char path[4096];
    snprintf(path, sizeof path, "%s/records.db", directory);
    if (sqlite3_open(path, &peer->database) == SQLITE_OK && prepare(peer, guarantee)) return peer;
    fail(peer->database);
    close_peer(peer);
    return NULL;
}

static bool run(sqlite3_stmt *statement) {
    int result = sqlite3_step(statement);
    return sqlite3_reset(statement) == SQLITE_OK && result == SQLITE_DONE;
}

static bool insert(lite *peer, const void *bytes, size_t size) {
    return sqlite3_bind_blob(peer->insert, 1, bytes, (int)size, SQLITE_STATIC) == SQLITE_OK && run(peer->insert);
}

static bool append(void *opaque, const void *bytes, size_t size) {
    lite *peer = opaque;
    pthread_mutex_lock(&peer->mutex);
    bool is_done = insert(peer, bytes, size) || fail(peer->database);
    pthread_mutex_unlock(&peer->mutex);
    return is_done;
}

static bool append_batch(void *opaque, const void *bytes, size_t size, size_t count) {
    lite *peer = opaque;
    pthread_mutex_lock(&peer->mutex);
    bool is_done = run(peer->begin);
    for (size_t index = 0; index < count && is_done; index++) is_done = insert(peer, bytes, size);
    is_done = (is_done && run(peer->commit)) || fail(peer->database);
    pthread_mutex_unlock(&peer->mutex);
    return is_done;
}

static long read_all(void *opaque, uint64_t *bytes) {
    lite *peer = opaque;
    sqlite3_stmt *select;
    if (sqlite3_prepare_v2(peer->database, "SELECT payload FROM record ORDER BY number", -1, &select, NULL) != SQLITE_OK)
        return fail(peer->database) ? 0 : -1;
    long count = 0;
    int result;
    while ((result = sqlite3_step(select)) == SQLITE_ROW) {
        sqlite3_column_blob(select, 0);
        *bytes += (uint64_t)sqlite3_column_bytes(select, 0);
        count++;
    }
    sqlite3_finalize(select);
    return result == SQLITE_DONE || fail(peer->database) ? count : -1;
}

static bool find(void *opaque, uint64_t number) {
    lite *peer = opaque;
    static const char sql[] = "SELECT payload FROM record WHERE number = ?";
    sqlite3_stmt *select;
    if (sqlite3_prepare_v2(peer->database, sql, -1, &select, NULL) != SQLITE_OK) return fail(peer->database);
    sqlite3_bind_int64(select, 1, (sqlite3_int64)number + 1);
    int result = sqlite3_step(select);
    sqlite3_finalize(select);
    return result == SQLITE_ROW || peer_fail("SQLite", "no such row");
}

const peer_kind sqlite_peer = {
    .name = "SQLite",
    .version = version,
    .settings = "a prepared INSERT, one transaction a call; journal_mode WAL with checkpoints every 64 MiB, locking_mode "
                "EXCLUSIVE; written: synchronous OFF, durable: FULL; threads share a connection",
    .open = open_peer,
    .append = append,
    .append_batch = append_batch,
    .read = read_all,
    .find = find,
    .close = close_peer,
};
