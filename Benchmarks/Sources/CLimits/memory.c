#include "CLimits.h"

#include <string.h>
#include <sys/mman.h>

void climits_warm_memory(size_t size) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return;
    memset(memory, 1, size);
    munmap(memory, size);
}
