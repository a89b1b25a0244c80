/* A process that has used the library, its threads included, may fork, as servers that fork their
 * workers do: the child can use it too and ends normally, and so does its own child. */
#include "library.h"

#include <sys/wait.h>
#include <unistd.h>

static void use_in_child(int generations) {
  pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    alarm(120);
    use_library();
    if (generations > 1) use_in_child(generations - 1);
    exit(0);
  }
  int status = -1;
  CHECK(waitpid(pid, &status, 0) == pid);
  if (status != 0) {
    fprintf(stderr, "a child ended with status %#x\n", status);
    exit(1);
  }
}

int main(void) {
  load_library();
  /* Loaded, not used yet: the threads of each child meet in the first use of everything. */
  for (int i = 0; i < 40; i++) use_in_child(1);
  use_library();
  for (int i = 0; i < 4; i++) use_in_child(2);
  use_library();
  return 0;
}
