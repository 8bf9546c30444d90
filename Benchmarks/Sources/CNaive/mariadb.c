#include "driver.h"
#include <mysql.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct {
    naive_connection base;
    MYSQL *handle;
    MYSQL_STMT *save, *log;
} connection;

#define SET_VALUES(column) #column " = VALUES(" #column ")"

static bool prepare_one(connection *self, const char *sql, MYSQL_STMT **statement) {
    *statement = mysql_stmt_init(self->handle);
    if (!*statement) return naive_fail(&self->base, "no memory");
    return mysql_stmt_prepare(*statement, sql, strlen(sql)) == 0 ||
        naive_fail(&self->base, mysql_stmt_error(*statement));
}

static bool prepare(naive_connection *base) {
    connection *self = (connection *)base;
    return prepare_one(self,
               "INSERT INTO dag_tasks (" NAIVE_TASK_COLUMNS ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) "
               "ON DUPLICATE KEY UPDATE " NAIVE_TASK_UPDATES(SET_VALUES), &self->save) &&
        prepare_one(self,
            "INSERT INTO dag_task_activity_logs (" NAIVE_ACTIVITY_COLUMNS ") VALUES (?,?,?,?,?,?,?,?,?) "
            "ON DUPLICATE KEY UPDATE id = id", &self->log);
}

static MYSQL_TIME date_and_time(int64_t microseconds) {
    time_t seconds = (time_t)(microseconds / 1000000);
    struct tm parts;
    gmtime_r(&seconds, &parts);
    return (MYSQL_TIME){
        .year = (unsigned)parts.tm_year + 1900, .month = (unsigned)parts.tm_mon + 1, .day = (unsigned)parts.tm_mday,
        .hour = (unsigned)parts.tm_hour, .minute = (unsigned)parts.tm_min, .second = (unsigned)parts.tm_sec,
        .second_part = (unsigned long)(microseconds % 1000000), .time_type = MYSQL_TIMESTAMP_DATETIME};
}

static bool run(connection *self, MYSQL_STMT *statement, const naive_value *values, int count) {
    MYSQL_BIND binds[naive_task_columns];
    MYSQL_TIME times[naive_task_columns];
    memset(binds, 0, sizeof binds);
    for (int index = 0; index < count; index++) {
        const naive_value *value = &values[index];
        MYSQL_BIND *bind = &binds[index];
        switch (value->kind) {
        case naive_null: bind->buffer_type = MYSQL_TYPE_NULL; break;
        case naive_text:
            bind->buffer_type = MYSQL_TYPE_STRING;
            bind->buffer = (void *)value->text;
            bind->buffer_length = value->length;
            break;
        case naive_time:
            times[index] = date_and_time(value->number);
            bind->buffer_type = MYSQL_TYPE_DATETIME;
            bind->buffer = &times[index];
            break;
        case naive_number:
            bind->buffer_type = MYSQL_TYPE_LONGLONG;
            bind->buffer = (void *)&value->number;
            break;
        }
    }
    return (mysql_stmt_bind_param(statement, binds) == 0 && mysql_stmt_execute(statement) == 0) ||
        naive_fail(&self->base, mysql_stmt_error(statement));
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
    if (mysql_query(self->handle, sql) != 0) return naive_fail(base, mysql_error(self->handle));
    MYSQL_RES *result = mysql_store_result(self->handle);
    if (!result) return mysql_field_count(self->handle) == 0 || naive_fail(base, mysql_error(self->handle));
    MYSQL_ROW row = mysql_fetch_row(result);
    if (row && row[0]) naive_copy(text, size, row[0]);
    mysql_free_result(result);
    return true;
}

static void close_connection(naive_connection *base) {
    connection *self = (connection *)base;
    if (self->save) mysql_stmt_close(self->save);
    if (self->log) mysql_stmt_close(self->log);
    if (self->handle) mysql_close(self->handle);
    free(self);
}

static const naive_driver driver = {close_connection, prepare, save, log_activity, query};

naive_connection *naive_open_mariadb(const char *socket, const char *user, const char *database, char *message) {
    connection *self = calloc(1, sizeof *self);
    if (!self) return NULL;
    self->base.driver = &driver;
    self->handle = mysql_init(NULL);
    // The store's isolation, so that only the way of writing differs.
    if (self->handle && mysql_options(self->handle, MYSQL_SET_CHARSET_NAME, "utf8mb4") == 0 &&
        mysql_real_connect(self->handle, NULL, user, NULL, database, 0, socket, 0) &&
        mysql_query(self->handle, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED") == 0)
        return &self->base;
    naive_copy(message, naive_message_size, self->handle ? mysql_error(self->handle) : "no memory");
    close_connection(&self->base);
    return NULL;
}

const char *naive_library_mariadb(void) { return mysql_get_client_info(); }
