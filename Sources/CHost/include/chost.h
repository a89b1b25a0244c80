/* What Plaudit needs from the operating system that Swift's Glibc module does not show. */
#ifndef PLAUDIT_CHOST_H
#define PLAUDIT_CHOST_H

#include <stdint.h>

/* The number of cores in this process's affinity mask, at least 1. */
int pk_affinity_cores(void);

/* 1 in a process that was forked after this code was loaded. */
int pk_is_forked(void);

/* Names the calling thread as tools such as top show it. */
void pk_name_thread(const char *name);

/* The file that this code was loaded from, absolute, as the loader found it: links are not
 * followed. "" when that is not known. Static. */
const char *pk_library_path(void);

/* A number that threads wait on without spinning (futex(2)): it changes, and whoever changed it
 * wakes them. */
static inline uint32_t pk_word_load(const uint32_t *word) {
  return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}
/* Adds and returns the sum. */
static inline uint32_t pk_word_add(uint32_t *word, uint32_t amount) {
  return __atomic_add_fetch(word, amount, __ATOMIC_SEQ_CST);
}
/* Sleeps while *word is `expected`, at most so many nanoseconds (less than 0: without end). May
 * wake for no reason. */
void pk_word_wait(const uint32_t *word, uint32_t expected, int64_t nanoseconds);
/* The core that the calling thread is on, below 0 where that is not known. */
int pk_core(void);
/* A clock that only goes forward. */
int64_t pk_nanoseconds(void);
/* Looks at *word while it is `expected`, at most so many nanoseconds. Returns 1 once it is another
 * number, else 0. */
int pk_word_watch(const uint32_t *word, uint32_t expected, int64_t nanoseconds);
/* Wakes up to `count` threads that sleep on word. */
void pk_word_wake(const uint32_t *word, int count);

#endif
