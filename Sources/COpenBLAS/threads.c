/* Plaudit's own copy of OpenBLAS makes no threads.

   The copy inside the library is Debian's threaded build: its serial build shares one work buffer
   between threads that multiply at the same time, and gives wrong products. But the threaded one
   starts a thread for each core when it is loaded. The link replaces that start (--wrap) with this
   function, which tells it that there is one thread, the caller's. */
#define PRIVATE __attribute__((visibility("hidden")))

extern int blas_cpu_number;
extern int blas_num_threads;

PRIVATE int __wrap_blas_thread_init(void);
PRIVATE int __wrap_blas_thread_init(void) {
  blas_cpu_number = 1;
  blas_num_threads = 1;
  return 0;
}
