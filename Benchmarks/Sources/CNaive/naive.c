#include "driver.h"
#include <string.h>

void naive_close(naive_connection *connection) { connection->driver->close(connection); }

bool naive_prepare(naive_connection *connection) { return connection->driver->prepare(connection); }

bool naive_save(naive_connection *connection, const naive_value *values) {
    return connection->driver->save(connection, values);
}

bool naive_log(naive_connection *connection, const naive_value *values) {
    return connection->driver->log(connection, values);
}

bool naive_query(naive_connection *connection, const char *sql, char *result, size_t size) {
    naive_copy(result, size, "");
    return connection->driver->query(connection, sql, result, size);
}

const char *naive_message(const naive_connection *connection) { return connection->message; }

bool naive_fail(naive_connection *connection, const char *message) {
    naive_copy(connection->message, sizeof connection->message, message);
    return false;
}

void naive_copy(char *target, size_t size, const char *text) {
    if (size == 0) return;
    size_t length = strlen(text);
    if (length >= size) length = size - 1;
    memcpy(target, text, length);
    target[length] = 0;
}
