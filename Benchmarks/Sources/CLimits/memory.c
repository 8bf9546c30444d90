#include "CLimits.h"

#ifdef __linux__
#include <malloc.h>
#endif
#include <string.h>
#include <sys/mman.h>

void climits_warm_memory(size_t size) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return;
    memset(memory, 1, size);
    munmap(memory, size);
}

size_t climits_heap(void) {
#ifdef __linux__
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
#else
    return 0;
#endif
}
