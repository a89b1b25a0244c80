/* What Plaudit needs from the operating system that Swift's Glibc module does not show. */
#ifndef PLAUDIT_CHOST_H
#define PLAUDIT_CHOST_H

/* The number of cores in this process's affinity mask, at least 1. */
int pk_affinity_cores(void);

/* Names the calling thread as tools such as top show it. */
void pk_name_thread(const char *name);

#endif
