#ifndef CNAIVE_H
#define CNAIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// What a program does that logs its tasks straight into a database: prepared statements, one row each, autocommit. In the
/// tables of the stores, which must be there.

enum { naive_task_columns = 16, naive_activity_columns = 9, naive_message_size = 512 };

typedef enum { naive_null, naive_text, naive_time, naive_number } naive_kind;

typedef struct {
    naive_kind kind;
    /// Terminated; for texts.
    const char *text;
    size_t length;
    /// Times are microseconds since 1970.
    int64_t number;
} naive_value;

typedef struct naive_connection naive_connection;

/// Each returns NULL on failure, with a reason in `message`, which has room for `naive_message_size` bytes.
naive_connection *naive_open_postgres(const char *conninfo, char *message);
naive_connection *naive_open_mariadb(const char *socket, const char *user, const char *database, char *message);
naive_connection *naive_open_sqlite(const char *path, char *message);
void naive_close(naive_connection *connection);

/// Prepares the two statements; the tables must be there. False on failure, here and below.
bool naive_prepare(naive_connection *connection);
/// Inserts or updates a task: the columns in the order of the table.
bool naive_save(naive_connection *connection, const naive_value *values);
/// Inserts an activity, unless it is there.
bool naive_log(naive_connection *connection, const naive_value *values);

/// Runs a statement, and puts the first column of its first row, if it has one, into `result`.
bool naive_query(naive_connection *connection, const char *sql, char *result, size_t size);

/// Why the last call failed.
const char *naive_message(const naive_connection *connection);

const char *naive_library_postgres(void);
const char *naive_library_mariadb(void);
const char *naive_library_sqlite(void);

#endif
