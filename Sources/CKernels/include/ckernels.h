/* Row kernels: what a transformer does to one row of floats besides matrix products.
 *
 * Each kernel exists once as source (rows.h) and is compiled for the plain machine and for wider
 * vectors; pk_kernels hands out the sets this CPU can run. A result depends on the row alone,
 * never on its neighbours or its address: sums run over 16 fixed lanes in every set. Sets differ
 * from each other in the last bits, because the wide ones fuse multiply and add.
 *
 * No allocation, no threads, no I/O; pointers are the caller's promise.
 */
#ifndef PLAUDIT_CKERNELS_H
#define PLAUDIT_CKERNELS_H

#include <stdint.h>

/* Swift sees every pointer here as never NULL, unless it says so. */
#if defined(__clang__)
#pragma clang assume_nonnull begin
#define PK_NULLABLE _Nullable
#else
#define PK_NULLABLE
#endif

typedef struct pk_kernel_set {
  const char *name; /* "portable", "avx2", "avx512" */

  /* Sum of a[i] * b[i]. */
  float (*dot)(const float *a, const float *b, int64_t n);
  /* row = (row + bias + residual - mean) / sqrt(variance + epsilon) * weight + shift; bias and
     residual may be NULL. */
  void (*layer_norm)(float *row, const float *PK_NULLABLE bias,
                     const float *PK_NULLABLE residual, const float *weight, const float *shift,
                     int64_t n, float epsilon);
  /* row += bias */
  void (*add)(float *row, const float *bias, int64_t n);
  /* row = gelu(row + bias) with the exact error function (relative error of erf below 2e-7). */
  void (*gelu)(float *row, const float *bias, int64_t n);
  /* row = relu(row + bias) */
  void (*relu)(float *row, const float *bias, int64_t n);
  /* row = softmax(row), n >= 1 */
  void (*softmax)(float *row, int64_t n);
  /* sum += row; maximum = max(maximum, row); row *= factor */
  void (*accumulate)(float *sum, const float *row, int64_t n);
  void (*maximum)(float *maximum, const float *row, int64_t n);
  void (*scale)(float *row, float factor, int64_t n);
  /* Sum of weights[i] * row[i] in double, and gradient += factor * row: a linear head's two
     directions. */
  double (*dot_double)(const double *weights, const float *row, int64_t n);
  void (*accumulate_double)(double *gradient, double factor, const float *row, int64_t n);
} pk_kernel_set;

/* The kernel sets this CPU can run, from the plainest (index 0) to the fastest; NULL past the
   last. */
const pk_kernel_set *PK_NULLABLE pk_kernels(int index);

/* The vector features of this CPU that Plaudit knows, as a comma-separated list; static. */
const char *pk_cpu_features(void);

/* Widens count 16-bit floats at `from` (unaligned) to `to`. */
void pk_widen_f16(float *to, const void *from, int64_t count);
void pk_widen_bf16(float *to, const void *from, int64_t count);
/* How many of the values are NaN or infinite. */
int64_t pk_count_non_finite(const float *values, int64_t count);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif

#endif
