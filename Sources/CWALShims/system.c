#define _GNU_SOURCE
#include "CWALShims.h"

#include <errno.h>
#include <limits.h>
#include <fcntl.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#ifdef __APPLE__
#include <os/os_sync_wait_on_address.h>
#else
#include <linux/futex.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#endif

int64_t cwal_coarse_realtime_microseconds(void) {
    struct timespec now;
#ifdef CLOCK_REALTIME_COARSE
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
#else
    clock_gettime(CLOCK_REALTIME, &now);
#endif
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t cwal_uptime_microseconds(void) {
#ifdef CLOCK_BOOTTIME
    struct timespec now;
    if (clock_gettime(CLOCK_BOOTTIME, &now) == 0) return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
#endif
    return 0;
}

void cwal_set_thread_name(const char *name) {
#ifdef __APPLE__
    pthread_setname_np(name);
#else
    pthread_setname_np(pthread_self(), name);
#endif
}

void cwal_lower_thread_priority(void) {
#ifdef __linux__
    // Linux keeps a priority for each thread, and accepts a thread's number in place of a process's.
    setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 10);
#elif defined(__APPLE__)
    pthread_set_qos_class_self_np(QOS_CLASS_UTILITY, 0);
#endif
}

static _Thread_local bool may_block;

void cwal_set_thread_may_block(void) { may_block = true; }

bool cwal_thread_may_block(void) { return may_block; }

int cwal_sync_data(int descriptor) {
#ifdef __APPLE__
    return fcntl(descriptor, F_FULLFSYNC);
#else
    return fdatasync(descriptor);
#endif
}

void cwal_wait_while_equal(const uint32_t *word, uint32_t value) {
#ifdef __APPLE__
    os_sync_wait_on_address((void *)word, value, sizeof *word, OS_SYNC_WAIT_ON_ADDRESS_NONE);
#else
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
#endif
}

void cwal_wake_one(const uint32_t *word) {
#ifdef __APPLE__
    os_sync_wake_by_address_any((void *)word, sizeof *word, OS_SYNC_WAKE_BY_ADDRESS_NONE);
#else
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
#endif
}

void cwal_wake_all(const uint32_t *word) {
#ifdef __APPLE__
    os_sync_wake_by_address_all((void *)word, sizeof *word, OS_SYNC_WAKE_BY_ADDRESS_NONE);
#else
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
#endif
}

void cwal_wait_while_equal_shared(const uint32_t *word, uint32_t value, uint64_t nanoseconds) {
    struct timespec timeout = {(time_t)(nanoseconds / 1000000000), (long)(nanoseconds % 1000000000)};
#ifdef __APPLE__
    long result = os_sync_wait_on_address_with_timeout((void *)word, value, sizeof *word, OS_SYNC_WAIT_ON_ADDRESS_SHARED,
        OS_CLOCK_MACH_ABSOLUTE_TIME, nanoseconds);
#else
    long result = syscall(SYS_futex, word, FUTEX_WAIT, value, &timeout, NULL, 0);
#endif
    // If the system can't wait on this memory, sleep instead, so that the caller's loop doesn't occupy a processor.
    if (result < 0 && errno != EAGAIN && errno != EINTR && errno != ETIMEDOUT) nanosleep(&timeout, NULL);
}

void cwal_wake_all_shared(const uint32_t *word) {
#ifdef __APPLE__
    os_sync_wake_by_address_all((void *)word, sizeof *word, OS_SYNC_WAKE_BY_ADDRESS_SHARED);
#else
    syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
#endif
}

int cwal_clock_is_set(void) {
#ifdef __linux__
    struct timex state = {0};
    if (adjtimex(&state) < 0) return -1;
    return (state.status & STA_UNSYNC) == 0;
#else
    return -1;
#endif
}

void cwal_notify_ready(void) {
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (path == NULL || strlen(path) >= sizeof(address.sun_path)) return;
    memcpy(address.sun_path, path, strlen(path));
    // An abstract address.
    if (path[0] == '@') address.sun_path[0] = 0;
    int descriptor = socket(AF_UNIX, SOCK_DGRAM, 0);
    if (descriptor < 0) return;
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    sendto(descriptor, "READY=1", strlen("READY=1"), MSG_DONTWAIT, (struct sockaddr *)&address, size);
    close(descriptor);
}
