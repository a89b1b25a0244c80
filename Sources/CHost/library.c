/* Where the library lies. The loader keeps a path as it was given, which may be relative to a
 * folder that the host has left since: so it is made whole when the library is loaded. */
#define _GNU_SOURCE
#include "chost.h"

#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

static char path[2 * 4096];

__attribute__((constructor)) static void remember(void) {
  Dl_info found;
  if (!dladdr((const void *)path, &found) || !found.dli_fname) return;
  size_t length = strlen(found.dli_fname), before = 0;
  if (length == 0) return;
  if (found.dli_fname[0] != '/') {
    if (!getcwd(path, sizeof path / 2)) {
      path[0] = 0;
      return;
    }
    before = strlen(path);
    path[before++] = '/';
  }
  if (length >= sizeof path - before) {
    path[0] = 0;
    return;
  }
  memcpy(path + before, found.dli_fname, length + 1);
}

const char *pk_library_path(void) { return path; }
