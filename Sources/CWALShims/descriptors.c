#define _GNU_SOURCE
#include "CWALShims.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/statfs.h>
#endif

// Standard input, output and error. Printed text goes to the files with these numbers.
enum { STANDARD_COUNT = 3 };

// One thread at a time fills the free numbers and frees them, so that no other thread gets one that is about to be
// freed.
static pthread_mutex_t filling = PTHREAD_MUTEX_INITIALIZER;

// Opens /dev/null under each free standard number. Returns the count of these numbers.
static int fill(int flags, int filled[STANDARD_COUNT]) {
    int count = 0;
    for (int number = 0; number < STANDARD_COUNT; number++) {
        if (fcntl(number, F_GETFD) >= 0) continue;
        int descriptor = open("/dev/null", O_RDWR | flags);
        if (descriptor >= 0 && descriptor < STANDARD_COUNT) {
            filled[count++] = descriptor;
        } else if (descriptor >= 0) {
            close(descriptor);
        }
    }
    return count;
}

void cwal_fill_standard_descriptors(void) {
    int filled[STANDARD_COUNT];
    int number = errno;
    pthread_mutex_lock(&filling);
    fill(0, filled);
    pthread_mutex_unlock(&filling);
    errno = number;
}

// Another thread may have closed a standard descriptor meanwhile.
static int raise_descriptor(int descriptor) {
    if (descriptor < 0 || descriptor >= STANDARD_COUNT) return descriptor;
    int higher = fcntl(descriptor, F_DUPFD_CLOEXEC, STANDARD_COUNT);
    int number = errno;
    close(descriptor);
    errno = number;
    return higher;
}

int cwal_open_at(int directory, const char *path, int flags, unsigned mode) {
    int filled[STANDARD_COUNT];
    pthread_mutex_lock(&filling);
    int count = fill(O_CLOEXEC, filled);
    if (count == 0) pthread_mutex_unlock(&filling);
    int descriptor = raise_descriptor(openat(directory, path, flags | O_CLOEXEC, mode));
    if (count == 0) return descriptor;
    int number = errno;
    while (count > 0) close(filled[--count]);
    pthread_mutex_unlock(&filling);
    errno = number;
    return descriptor;
}

int64_t cwal_file_system_number(int descriptor) {
#ifdef __linux__
    struct statfs status;
    // The field is signed on some systems, and has 32 significant bits on all.
    if (fstatfs(descriptor, &status) == 0) return (int64_t)(uint32_t)status.f_type;
#endif
    return 0;
}
