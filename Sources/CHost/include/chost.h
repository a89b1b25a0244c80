/* What Plaudit needs from the operating system that Swift's Glibc module does not show,
   and the guard that keeps the host's signal handlers as they were. */
#ifndef PLAUDIT_CHOST_H
#define PLAUDIT_CHOST_H

/* The number of cores in this process's affinity mask, at least 1. */
int pk_affinity_cores(void);

/* Names the calling thread as tools such as top show it. */
void pk_name_thread(const char *name);

/* Puts back each signal disposition that the Swift runtime replaced while this library was
   loaded (its crash reporter does so when it finds a toolchain). Handlers of the host, set
   before or after, are left alone. Idempotent. */
void pk_restore_signals(void);

#endif
