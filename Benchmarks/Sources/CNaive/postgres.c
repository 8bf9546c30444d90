#include "driver.h"
#include <libpq-fe.h>
#include <stdlib.h>

typedef struct {
    naive_connection base;
    PGconn *handle;
} connection;

/// Microseconds from 1970 to 2000, where PostgreSQL's times begin.
static const int64_t epoch = 946684800000000;

static void store_big_endian(uint64_t number, int size, char *target) {
    for (int index = size - 1; index >= 0; index--, number >>= 8) target[index] = (char)(number & 0xff);
}

static bool finish(connection *self, PGresult *result) {
    ExecStatusType status = PQresultStatus(result);
    bool is_good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    if (!is_good) naive_fail(&self->base, PQerrorMessage(self->handle));
    PQclear(result);
    return is_good;
}

static bool prepare(naive_connection *base) {
    connection *self = (connection *)base;
    return finish(self, PQprepare(self->handle, "save",
                      "INSERT INTO dag_tasks (" NAIVE_TASK_COLUMNS ") VALUES "
                      "($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16) "
                      "ON CONFLICT (id) DO UPDATE SET " NAIVE_TASK_UPDATES(NAIVE_EXCLUDED), 0, NULL)) &&
        finish(self, PQprepare(self->handle, "log",
                   "INSERT INTO dag_task_activity_logs (" NAIVE_ACTIVITY_COLUMNS ") VALUES "
                   "($1,$2,$3,$4,$5,$6,$7,$8,$9) ON CONFLICT (id) DO NOTHING", 0, NULL));
}

static bool run(naive_connection *base, const char *name, const naive_value *values, int count) {
    connection *self = (connection *)base;
    const char *parameters[naive_task_columns];
    int lengths[naive_task_columns], formats[naive_task_columns];
    char numbers[naive_task_columns][8];
    for (int index = 0; index < count; index++) {
        const naive_value *value = &values[index];
        parameters[index] = value->kind == naive_null ? NULL : value->kind == naive_text ? value->text : numbers[index];
        formats[index] = value->kind == naive_time || value->kind == naive_number;
        lengths[index] = value->kind == naive_time ? 8 : value->kind == naive_number ? 4 : 0;
        if (value->kind == naive_time) store_big_endian((uint64_t)(value->number - epoch), 8, numbers[index]);
        if (value->kind == naive_number) store_big_endian((uint64_t)value->number, 4, numbers[index]);
    }
    return finish(self, PQexecPrepared(self->handle, name, count, parameters, lengths, formats, 0));
}

static bool save(naive_connection *base, const naive_value *values) {
    return run(base, "save", values, naive_task_columns);
}

static bool log_activity(naive_connection *base, const naive_value *values) {
    return run(base, "log", values, naive_activity_columns);
}

static bool query(naive_connection *base, const char *sql, char *text, size_t size) {
    connection *self = (connection *)base;
    PGresult *result = PQexec(self->handle, sql);
    if (PQntuples(result) > 0 && PQnfields(result) > 0) naive_copy(text, size, PQgetvalue(result, 0, 0));
    return finish(self, result);
}

static void close_connection(naive_connection *base) {
    PQfinish(((connection *)base)->handle);
    free(base);
}

static void ignore_notice(void *context, const char *message) {
    (void)context;
    (void)message;
}

static const naive_driver driver = {close_connection, prepare, save, log_activity, query};

naive_connection *naive_open_postgres(const char *conninfo, char *message) {
    connection *self = calloc(1, sizeof *self);
    if (!self) return NULL;
    self->base.driver = &driver;
    self->handle = PQconnectdb(conninfo);
    if (PQstatus(self->handle) == CONNECTION_OK) {
        PQsetNoticeProcessor(self->handle, ignore_notice, NULL);
        return &self->base;
    }
    naive_copy(message, naive_message_size, PQerrorMessage(self->handle));
    close_connection(&self->base);
    return NULL;
}

const char *naive_library_postgres(void) {
    static char version[32];
    int number = PQlibVersion();
    char digits[] = {
        (char)('0' + number / 100000 % 10), (char)('0' + number / 10000 % 10), '.', (char)('0' + number / 10 % 10),
        (char)('0' + number % 10), 0};
    naive_copy(version, sizeof version, digits);
    return version;
}
