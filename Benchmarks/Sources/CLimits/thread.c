#define _GNU_SOURCE
#include "CLimits.h"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

void climits_use(climits_thread_usage *usage) {
    usage->sleeps = usage->preemptions = 0;
#ifdef RUSAGE_THREAD
    struct rusage values;
    if (getrusage(RUSAGE_THREAD, &values) != 0) return;
    usage->sleeps = values.ru_nvcsw;
    usage->preemptions = values.ru_nivcsw;
#endif
}

void climits_pin(unsigned number) {
#ifdef __linux__
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(number % (unsigned)(cores > 0 ? cores : 1), &set);
    pthread_setaffinity_np(pthread_self(), sizeof set, &set);
#else
    (void)number;
#endif
}
