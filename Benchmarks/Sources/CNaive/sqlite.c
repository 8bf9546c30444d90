#include "driver.h"
#include <sqlite3.h>
#include <stdlib.h>

typedef struct {
    naive_connection base;
    sqlite3 *handle;
    sqlite3_stmt *save, *log;
} connection;

static bool fail(connection *self) { return naive_fail(&self->base, sqlite3_errmsg(self->handle)); }

static bool prepare_one(connection *self, const char *sql, sqlite3_stmt **statement) {
    return sqlite3_prepare_v3(self->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL) == SQLITE_OK || fail(self);
}

static bool prepare(naive_connection *base) {
    connection *self = (connection *)base;
    return prepare_one(self,
               "INSERT INTO dag_tasks (" NAIVE_TASK_COLUMNS ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) "
               "ON CONFLICT (id) DO UPDATE SET " NAIVE_TASK_UPDATES(NAIVE_EXCLUDED), &self->save) &&
        prepare_one(self,
            "INSERT INTO dag_task_activity_logs (" NAIVE_ACTIVITY_COLUMNS ") VALUES (?,?,?,?,?,?,?,?,?) "
            "ON CONFLICT (id) DO NOTHING", &self->log);
}

static bool run(connection *self, sqlite3_stmt *statement, const naive_value *values, int count) {
    for (int index = 0; index < count; index++) {
        const naive_value *value = &values[index];
        switch (value->kind) {
        case naive_null: sqlite3_bind_null(statement, index + 1); break;
        case naive_text:
            sqlite3_bind_text(statement, index + 1, value->text, (int)value->length, SQLITE_STATIC);
            break;
        case naive_time:
        case naive_number: sqlite3_bind_int64(statement, index + 1, value->number); break;
        }
    }
    bool is_done = sqlite3_step(statement) == SQLITE_DONE || fail(self);
    sqlite3_reset(statement);
    return is_done;
}

static bool save(naive_connection *base, const naive_value *values) {
    connection *self = (connection *)base;
    return run(self, self->save, values, naive_task_columns);
}

static bool log_activity(naive_connection *base, const naive_value *values) {
    connection *self = (connection *)base;
    return run(self, self->log, values, naive_activity_columns);
}

static bool query(naive_connection *base, const char *sql, char *text, size_t size) {
    connection *self = (connection *)base;
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(self->handle, sql, -1, &statement, NULL) != SQLITE_OK) return fail(self);
    int result = sqlite3_step(statement);
    const unsigned char *value = result == SQLITE_ROW ? sqlite3_column_text(statement, 0) : NULL;
    if (value) naive_copy(text, size, (const char *)value);
    sqlite3_finalize(statement);
    return result == SQLITE_ROW || result == SQLITE_DONE || fail(self);
}

static void close_connection(naive_connection *base) {
    connection *self = (connection *)base;
    sqlite3_finalize(self->save);
    sqlite3_finalize(self->log);
    sqlite3_close_v2(self->handle);
    free(self);
}

static const naive_driver driver = {close_connection, prepare, save, log_activity, query};

naive_connection *naive_open_sqlite(const char *path, char *message) {
    connection *self = calloc(1, sizeof *self);
    if (!self) return NULL;
    self->base.driver = &driver;
    // The store's settings, so that only the way of writing differs.
    static const char *settings =
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON; "
        "PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 8000; PRAGMA busy_timeout = 10000";
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path, &self->handle, flags, NULL) == SQLITE_OK &&
        sqlite3_exec(self->handle, settings, NULL, NULL, NULL) == SQLITE_OK)
        return &self->base;
    naive_copy(message, naive_message_size, self->handle ? sqlite3_errmsg(self->handle) : "no memory");
    close_connection(&self->base);
    return NULL;
}

const char *naive_library_sqlite(void) { return sqlite3_libversion(); }
