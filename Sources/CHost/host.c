#define _GNU_SOURCE
#include "chost.h"

#include <pthread.h>
#include <sched.h>

int pk_affinity_cores(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  int cores = CPU_COUNT(&set);
  return cores < 1 ? 1 : cores;
}

void pk_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }
