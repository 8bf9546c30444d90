#include "peer.h"

#include <db.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    DB_ENV *environment;
    /// Of `log_put`.
    uint32_t flags;
} berkeley;

static const char *version(void) {
    static char text[32];
    int major, minor, patch;
    db_version(&major, &minor, &patch);
    snprintf(text, sizeof text, "%d.%d.%d", major, minor, patch);
    return text;
}

static bool fail(int error) { return peer_fail("Berkeley DB", db_strerror(error)); }

static int open_environment(DB_ENV *environment, const char *directory) {
    int error = environment->set_lg_max(environment, peer_file_size);
    if (error == 0) error = environment->set_lg_bsize(environment, 8 << 20);
    // Zeros first, so that a sync needn't write how large a file is.
    if (error == 0) error = environment->log_set_config(environment, DB_LOG_ZERO, 1);
    if (error != 0) return error;
    return environment->open(environment, directory, DB_CREATE | DB_INIT_LOG | DB_PRIVATE | DB_THREAD, 0644);
}

static void *open_with(const char *directory, uint32_t flags) {
    berkeley *peer = calloc(1, sizeof *peer);
    if (peer == NULL) return NULL;
    peer->flags = flags;
    int error = db_env_create(&peer->environment, 0);
    if (error == 0) error = open_environment(peer->environment, directory);
    if (error == 0) return peer;
    fail(error);
    if (peer->environment != NULL) peer->environment->close(peer->environment, 0);
    free(peer);
    return NULL;
}

static void *open_peer(const char *directory, peer_guarantee guarantee) {
    return open_with(directory, guarantee == peer_durable ? DB_FLUSH : DB_LOG_WRNOSYNC);
}

static void *open_buffered(const char *directory, peer_guarantee guarantee) {
    if (guarantee == peer_written) return open_with(directory, 0);
    peer_fail("Berkeley DB", "buffered and durable is a contradiction");
    return NULL;
}

static int put(berkeley *peer, const void *bytes, size_t size, uint32_t flags) {
    DB_LSN place;
    DBT record;
    memset(&record, 0, sizeof record);
    record.data = (void *)bytes;
    record.size = (uint32_t)size;
    return peer->environment->log_put(peer->environment, &place, &record, flags);
}

static bool append(void *opaque, const void *bytes, size_t size) {
    berkeley *peer = opaque;
    int error = put(peer, bytes, size, peer->flags);
    return error == 0 || fail(error);
}

static bool append_batch(void *opaque, const void *bytes, size_t size, size_t count) {
    berkeley *peer = opaque;
    int error = 0;
    for (size_t index = 0; index < count && error == 0; index++)
        error = put(peer, bytes, size, index + 1 < count ? 0 : peer->flags);
    return error == 0 || fail(error);
}

static long read_all(void *opaque, uint64_t *bytes) {
    berkeley *peer = opaque;
    DB_LOGC *cursor;
    int error = peer->environment->log_cursor(peer->environment, &cursor, 0);
    if (error != 0) return fail(error) ? 0 : -1;
    DB_LSN place;
    DBT record;
    memset(&record, 0, sizeof record);
    long count = 0;
    for (error = cursor->get(cursor, &place, &record, DB_FIRST); error == 0;
         error = cursor->get(cursor, &place, &record, DB_NEXT)) {
        *bytes += record.size;
        count++;
    }
    cursor->close(cursor, 0);
    return error == DB_NOTFOUND || fail(error) ? count : -1;
}

static void close_peer(void *opaque) {
    berkeley *peer = opaque;
    peer->environment->close(peer->environment, 0);
    free(peer);
}

const peer_kind berkeleydb_peer = {
    .name = "Berkeley DB",
    .version = version,
    .settings = "DB_ENV->log_put, files of 64 MiB with DB_LOG_ZERO, DB_PRIVATE; written: DB_LOG_WRNOSYNC, so that it is in the "
                "kernel; durable: DB_FLUSH; a batch is that many puts, the last with the flag, and not atomic",
    .open = open_peer,
    .append = append,
    .append_batch = append_batch,
    .read = read_all,
    .close = close_peer,
};

const peer_kind berkeleydb_buffered_peer = {
    .name = "Berkeley DB, buffered",
    .is_buffered = true,
    .version = version,
    .settings = "the same without a flag, in a buffer of 8 MiB: what is in that is lost with the process, so it gives less",
    .open = open_buffered,
    .append = append,
    .append_batch = append_batch,
    .read = read_all,
    .close = close_peer,
};
