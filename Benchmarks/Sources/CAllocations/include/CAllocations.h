// Counts calls of the allocator, by standing in for it in the whole process.
#ifndef CALLOCATIONS_H
#define CALLOCATIONS_H

#include <stdint.h>

/// How often this thread has asked for memory: malloc, calloc, realloc and the aligned ones.
uint64_t callocations_of_thread(void);

/// How often all threads have.
uint64_t callocations_of_process(void);

#endif
