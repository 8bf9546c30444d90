#define _GNU_SOURCE
#include "CLimits.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int climits_punch(const char *path, size_t from, size_t to) {
#ifdef FALLOC_FL_PUNCH_HOLE
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0) return -1;
    int result = fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)from, (off_t)(to - from));
    int reason = errno;
    close(file);
    errno = reason;
    return result;
#else
    (void)path, (void)from, (void)to;
    errno = ENOTSUP;
    return -1;
#endif
}
