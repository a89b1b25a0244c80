/* What Plaudit needs from the operating system that Swift's Glibc module does not show. */
#ifndef PLAUDIT_CHOST_H
#define PLAUDIT_CHOST_H

/* The number of cores in this process's affinity mask, at least 1. */
int pk_affinity_cores(void);

/* Names the calling thread as tools such as top show it. */
void pk_name_thread(const char *name);

/* The file that this code was loaded from, absolute, as the loader found it: links are not
 * followed. "" when that is not known. Static. */
const char *pk_library_path(void);

#endif
