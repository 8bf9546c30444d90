#include <mysql.h>
#include <errmsg.h>
#include <string.h>

// These functions are in C because MYSQL_BIND has a union and function pointers, and `my_bool` is a `char`, whose sign
// depends on the processor.

static inline void cwal_mysql_bind_value(
    MYSQL_BIND *bind, enum enum_field_types type, void *buffer, unsigned long *length, char *is_null) {
    memset(bind, 0, sizeof *bind);
    bind->buffer_type = type;
    bind->buffer = buffer;
    bind->length = length;
    bind->is_null = is_null;
}

/// Binds a column of several rows. The buffer is an array of numbers, or an array of pointers to texts.
static inline void cwal_mysql_bind_column(
    MYSQL_BIND *bind, enum enum_field_types type, void *buffer, unsigned long *lengths, char *indicators) {
    memset(bind, 0, sizeof *bind);
    bind->buffer_type = type;
    bind->buffer = buffer;
    bind->length = lengths;
    bind->u.indicator = indicators;
}

static inline void cwal_mysql_bind_result(
    MYSQL_BIND *bind, enum enum_field_types type, void *buffer, unsigned long capacity, unsigned long *length,
    char *is_null) {
    memset(bind, 0, sizeof *bind);
    bind->buffer_type = type;
    bind->buffer = buffer;
    bind->buffer_length = capacity;
    bind->length = length;
    bind->is_null = is_null;
}

static inline int cwal_mysql_is_mariadb(MYSQL *mysql) {
    return mariadb_connection(mysql) != 0;
}

/// Returns 0 on success.
static inline int cwal_mysql_statement_bind(MYSQL_STMT *statement, MYSQL_BIND *binds) {
    return mysql_stmt_bind_param(statement, binds) != 0;
}

/// Returns 0 on success.
static inline int cwal_mysql_statement_bind_result(MYSQL_STMT *statement, MYSQL_BIND *binds) {
    return mysql_stmt_bind_result(statement, binds) != 0;
}

static inline void cwal_mysql_statement_set_rows(MYSQL_STMT *statement, unsigned int count) {
    mysql_stmt_attr_set(statement, STMT_ATTR_ARRAY_SIZE, &count);
}

static inline void cwal_mysql_set_number(MYSQL *mysql, enum mysql_option option, unsigned int value) {
    mysql_options(mysql, option, &value);
}

static inline void cwal_mysql_set_flag(MYSQL *mysql, enum mysql_option option, int value) {
    my_bool flag = value != 0;
    mysql_options(mysql, option, &flag);
}
