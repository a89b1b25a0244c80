#define _GNU_SOURCE
#include "chost.h"

#include <linux/futex.h>
#include <pthread.h>

#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int pk_affinity_cores(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  int cores = CPU_COUNT(&set);
  return cores < 1 ? 1 : cores;
}

static pid_t loading_process;
__attribute__((constructor)) static void note_process(void) { loading_process = getpid(); }
int pk_is_forked(void) { return getpid() != loading_process; }

void pk_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

void pk_word_wait(const uint32_t *word, uint32_t expected, int64_t nanoseconds) {
  struct timespec time = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, nanoseconds < 0 ? NULL : &time, NULL, 0);
}

int pk_core(void) { return sched_getcpu(); }

static inline void breathe(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb" ::: "memory");
#endif
}

int64_t pk_nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int pk_word_watch(const uint32_t *word, uint32_t expected, int64_t nanoseconds) {
  enum { LOOKS = 32 };
  int64_t end = 0;
  for (;;) {
    for (int i = 0; i < LOOKS; i++) {
      if (pk_word_load(word) != expected) return 1;
      breathe();
    }
    int64_t now = pk_nanoseconds();
    if (end == 0) end = now + nanoseconds;
    if (now >= end) return 0;
  }
}

void pk_word_wake(const uint32_t *word, int count) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}
