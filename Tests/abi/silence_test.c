/* Loading and using the library changes nothing of the host's: no signal handler, alternate stack
 * or signal mask, no environment variable, locale or working directory, nothing on stdout or
 * stderr. Also where the Swift runtime's crash reporter would find a toolchain (SWIFT_ROOT), or is
 * told to speak up (SWIFT_BACKTRACE). */
#define _GNU_SOURCE
#include "library.h"

#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* What a host would notice, as one text. */
static char *host_state(void) {
  static char text[1 << 20];
  FILE *out = fmemopen(text, sizeof text, "w");
  CHECK(out);
  for (int number = 1; number < NSIG; number++) {
    struct sigaction action;
    if (sigaction(number, NULL, &action) != 0) continue;
    fprintf(out, "signal %d: %p flags %x\n", number, (void *)action.sa_sigaction,
            (unsigned)action.sa_flags);
  }
  stack_t stack;
  CHECK(sigaltstack(NULL, &stack) == 0);
  fprintf(out, "alternate stack: %p flags %d\n", stack.ss_sp, stack.ss_flags);

  FILE *status = fopen("/proc/self/status", "r");
  CHECK(status);
  char line[4096];
  while (fgets(line, sizeof line, status)) {
    char name[8];
    unsigned long long mask;
    if (sscanf(line, "%7[SigBlkInCt]: %llx", name, &mask) != 2) continue;
    /* 32 and 33 are the C library's own, which it takes when a process makes its first thread. */
    fprintf(out, "%s: %016llx\n", name, mask & ~(3ULL << 31));
  }
  fclose(status);

  fprintf(out, "locale: %s\n", setlocale(LC_ALL, NULL));
  CHECK(getcwd(line, sizeof line));
  fprintf(out, "folder: %s\n", line);
  for (char **variable = environ; *variable; variable++) fprintf(out, "%s\n", *variable);
  fclose(out);
  return strdup(text);
}

/* Prints the lines of one state that the other lacks; how many there are. */
static int print_missing(const char *label, const char *from, const char *in) {
  int count = 0;
  for (const char *line = from; *line; line += strcspn(line, "\n") + 1) {
    int length = (int)strcspn(line, "\n") + 1;
    char *wanted = strndup(line, (size_t)length);
    if (!strstr(in, wanted)) count += fprintf(stderr, "%s %s", label, wanted) > 0;
    free(wanted);
  }
  return count;
}

static void compare(const char *when, const char *before) {
  char *after = host_state();
  int differences = print_missing("before:", before, after) + print_missing("after: ", after, before);
  free(after);
  if (differences == 0) return;
  fprintf(stderr, "the host's state differs %s\n", when);
  exit(1);
}

/* The test proper, in a process of its own. */
static int child(void) {
  int real_stderr = dup(STDERR_FILENO);
  int written = memfd_create("written", 0);
  CHECK(real_stderr >= 0 && written >= 0);
  char *before = host_state();

  dup2(written, STDOUT_FILENO);
  dup2(written, STDERR_FILENO);
  load_library();
  dup2(real_stderr, STDERR_FILENO);
  compare("after loading", before);

  dup2(written, STDERR_FILENO);
  use_library();
  fflush(stdout);
  dup2(real_stderr, STDERR_FILENO);
  compare("after use", before);

  char text[4096];
  ssize_t length = pread(written, text, sizeof text, 0);
  if (length == 0) return 0;
  fprintf(stderr, "the library wrote: %.*s\n", (int)length, text);
  return 1;
}

/* Starts this program again with one more environment variable. */
static int run_with(const char *name, const char *value) {
  pid_t pid = fork();
  if (pid == 0) {
    if (name) setenv(name, value, 1);
    execl("/proc/self/exe", "silence_test", "child", (char *)NULL);
    _exit(127);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  if (status == 0) return 0;
  fprintf(stderr, "not silent with %s=%s (status %#x)\n", name ? name : "-", value ? value : "",
          status);
  return 1;
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "child") == 0) return child();
  unsetenv("SWIFT_ROOT");
  unsetenv("SWIFT_BACKTRACE");
  int failures = run_with(NULL, NULL);
  failures += run_with("SWIFT_BACKTRACE", "enable=yes");
  failures += run_with("SWIFT_BACKTRACE", "enable=tty,nonsense=1");
  const char *toolchain = getenv("PLAUDIT_TEST_SWIFT");
  if (toolchain)
    failures += run_with("SWIFT_ROOT", toolchain);
  else
    printf("skipped: SWIFT_ROOT, no toolchain here\n");
  return failures != 0;
}
