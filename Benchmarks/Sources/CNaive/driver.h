#ifndef CNAIVE_DRIVER_H
#define CNAIVE_DRIVER_H

#include "CNaive.h"

/// One database's way to do it.
typedef struct {
    void (*close)(naive_connection *);
    bool (*prepare)(naive_connection *);
    bool (*save)(naive_connection *, const naive_value *);
    bool (*log)(naive_connection *, const naive_value *);
    bool (*query)(naive_connection *, const char *sql, char *result, size_t size);
} naive_driver;

/// The first member of each database's own connection.
struct naive_connection {
    const naive_driver *driver;
    char message[naive_message_size];
};

bool naive_fail(naive_connection *connection, const char *message);
/// Text that is cut off where there's no room.
void naive_copy(char *target, size_t size, const char *text);

#define NAIVE_TASK_COLUMNS \
    "id, dag_id, node_id, current_node_id, sub_dag_path, processing_state, payload, status, created_at, updated_at, " \
    "started_at, completed_at, error, retry_count, max_retries, priority"
#define NAIVE_ACTIVITY_COLUMNS "id, task_id, dag_id, node_id, action, message, data, level, created_at"

/// What an update changes, written with `set(column)`.
#define NAIVE_TASK_UPDATES(set) \
    set(node_id) ", " set(current_node_id) ", " set(sub_dag_path) ", " set(processing_state) ", " set(payload) ", " \
    set(status) ", " set(updated_at) ", " set(started_at) ", " set(completed_at) ", " set(error) ", " \
    set(retry_count) ", " set(max_retries) ", " set(priority)

#define NAIVE_EXCLUDED(column) #column " = excluded." #column

#endif
