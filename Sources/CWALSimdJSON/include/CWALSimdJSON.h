// One line of task events, read by simdjson (C++) behind an interface that is plain C: no exception, no C++ type gets out.
#ifndef CWAL_SIMDJSON_H
#define CWAL_SIMDJSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum cwal_json_kind {
    CWAL_JSON_ABSENT,
    CWAL_JSON_NULL,
    CWAL_JSON_STRING,
    CWAL_JSON_NUMBER,
    CWAL_JSON_BOOL,
    CWAL_JSON_OBJECT,
    CWAL_JSON_ARRAY,
};

/// A value. A string's bytes are unescaped and without quotes; every other value's are its JSON text, and so are all of a
/// task's payload and an activity's data.
/// They lie in the line or in the parser, and are valid until the parser's next line.
typedef struct cwal_json_slice {
    const uint8_t *bytes;
    size_t count;
    uint32_t offset; // of the value in the line
    uint32_t kind;   // enum cwal_json_kind
} cwal_json_slice;

/// The indices of the fields that are looked for; others are checked and skipped. The enumerations have no names, so
/// Swift imports their constants as integers.
enum {
    CWAL_TOP_TYPE,
    CWAL_TOP_TASK,
    CWAL_TOP_ACTIVITY,
    CWAL_TOP_TASK_ID,
    CWAL_TOP_STATUS,
    CWAL_TOP_ERROR,
    CWAL_TOP_UPDATED_AT,
    CWAL_TOP_DAG_ID,
    CWAL_TOP_BEFORE,
    CWAL_TOP_COUNT,
};

enum {
    CWAL_TASK_ID,
    CWAL_TASK_DAG_ID,
    CWAL_TASK_NODE_ID,
    CWAL_TASK_CURRENT_NODE_ID,
    CWAL_TASK_SUB_DAG_PATH,
    CWAL_TASK_PROCESSING_STATE,
    CWAL_TASK_PAYLOAD,
    CWAL_TASK_STATUS,
    CWAL_TASK_CREATED_AT,
    CWAL_TASK_UPDATED_AT,
    CWAL_TASK_STARTED_AT,
    CWAL_TASK_COMPLETED_AT,
    CWAL_TASK_ERROR,
    CWAL_TASK_RETRY_COUNT,
    CWAL_TASK_MAX_RETRIES,
    CWAL_TASK_PRIORITY,
    CWAL_TASK_PAYLOAD_TEXT,
    CWAL_TASK_COUNT,
};

enum {
    CWAL_ACTIVITY_ID,
    CWAL_ACTIVITY_TASK_ID,
    CWAL_ACTIVITY_DAG_ID,
    CWAL_ACTIVITY_NODE_ID,
    CWAL_ACTIVITY_ACTION,
    CWAL_ACTIVITY_MESSAGE,
    CWAL_ACTIVITY_DATA,
    CWAL_ACTIVITY_LEVEL,
    CWAL_ACTIVITY_CREATED_AT,
    CWAL_ACTIVITY_DATA_TEXT,
    CWAL_ACTIVITY_COUNT,
};

/// The slices of the task or of the activity are those of an earlier line if the line has no such object.
typedef struct cwal_json_line {
    cwal_json_slice top[CWAL_TOP_COUNT];
    cwal_json_slice task[CWAL_TASK_COUNT];
    cwal_json_slice activity[CWAL_ACTIVITY_COUNT];
    const char *error;     // why the line isn't JSON, a static text
    size_t error_offset; // where in the line
} cwal_json_line;

/// The fields as arrays, which Swift imports as tuples.
static inline const cwal_json_slice *cwal_json_top_slices(const cwal_json_line *line) { return line->top; }
static inline const cwal_json_slice *cwal_json_task_slices(const cwal_json_line *line) { return line->task; }
static inline const cwal_json_slice *cwal_json_activity_slices(const cwal_json_line *line) { return line->activity; }

/// How many readable bytes must follow a line.
size_t cwal_json_padding(void);

/// Nil if there is no memory.
void *cwal_json_parser_create(void);
void cwal_json_parser_destroy(void *parser);

/// Reads a line of `count` bytes, followed by `cwal_json_padding()` readable ones. Returns false and sets `error` if it
/// isn't one JSON object.
bool cwal_json_parse(void *parser, const uint8_t *bytes, size_t count, cwal_json_line *line);

/// Whether the bytes are one JSON value in UTF-8.
bool cwal_json_is_valid(const uint8_t *bytes, size_t count);

/// Whether the bytes are one JSON value in UTF-8, in which values may be as deep as in a line: two levels deeper.
bool cwal_json_is_valid_line(const uint8_t *bytes, size_t count);

#ifdef __cplusplus
}
#endif

#endif
