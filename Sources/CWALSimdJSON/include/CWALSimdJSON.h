#ifndef CWAL_SIMDJSON_H
#define CWAL_SIMDJSON_H
#endif
