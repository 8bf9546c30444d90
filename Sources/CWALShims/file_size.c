#define _GNU_SOURCE
#include "CWALShims.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

// Past the limit of `ulimit -f`, a write fails with EFBIG, and the kernel sends SIGXFSZ to the thread. The signal ends
// the process unless the process handles or ignores it. These functions keep the signal from the calling thread, and
// change nothing for other threads or for the process.

static _Thread_local int is_blocked_for_good;

static sigset_t file_size_signal(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGXFSZ);
    return set;
}

void cwal_block_file_size_signal(void) {
    sigset_t set = file_size_signal();
    is_blocked_for_good = pthread_sigmask(SIG_BLOCK, &set, NULL) == 0;
}

// Takes the thread's pending signal, if there is one.
static void take_pending(const sigset_t *set) {
#ifdef __APPLE__
    sigset_t pending;
    int number;
    if (sigpending(&pending) == 0 && sigismember(&pending, SIGXFSZ)) sigwait(set, &number);
#else
    struct timespec none = {0, 0};
    while (sigtimedwait(set, NULL, &none) < 0 && errno == EINTR) {
    }
#endif
}

static void block(sigset_t *before) {
    if (is_blocked_for_good) return;
    sigset_t set = file_size_signal();
    pthread_sigmask(SIG_BLOCK, &set, before);
}

static void unblock(const sigset_t *before, int has_failed) {
    if (is_blocked_for_good) return;
    int number = errno;
    sigset_t set = file_size_signal();
    // If the thread had blocked the signal before, a pending one may be its own.
    if (has_failed && number == EFBIG && !sigismember(before, SIGXFSZ)) take_pending(&set);
    pthread_sigmask(SIG_SETMASK, before, NULL);
    errno = number;
}

ssize_t cwal_pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
    sigset_t before;
    block(&before);
    ssize_t result = pwrite(descriptor, bytes, count, offset);
    unblock(&before, result < 0);
    return result;
}

int cwal_ftruncate(int descriptor, off_t size) {
    sigset_t before;
    block(&before);
    int result = ftruncate(descriptor, size);
    unblock(&before, result < 0);
    return result;
}
