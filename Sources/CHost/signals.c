/* Swift's runtime carries a crash reporter. While a library with the runtime inside is loaded, it
   takes over seven signals and the alternate stack if it finds a toolchain (SWIFT_ROOT), and may
   write to stderr (SWIFT_BACKTRACE). A library has no right to either, and undoing it comes too
   late: within a link, start-up code runs in link order, and the runtime's comes last.

   The reporter is one archive member, Backtrace.cpp.o; the rest of the runtime names two of its
   symbols. They stand here instead, with all settings zero, which is "off": the linker then takes
   neither the member nor its start-up code. A later runtime that needs more of it fails to link,
   with a duplicate symbol. Programs on the shared runtime (the tests) do not see these two. */
#include <stdint.h>

#define PRIVATE __attribute__((visibility("hidden")))

PRIVATE uint64_t _swift_backtraceSettings[32];

PRIVATE _Bool _swift_backtrace_isThunkFunction(const char *mangled_name);
PRIVATE _Bool _swift_backtrace_isThunkFunction(const char *mangled_name) {
  (void)mangled_name;
  return 0;
}
