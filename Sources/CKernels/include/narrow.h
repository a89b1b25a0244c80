/* Products of lower precision: floats in, floats out, and bytes or halves of floats between.
 *
 * A set's rows are made narrow on the way. PK_INT8: a row's bytes are 0 ... 255 between its lowest
 * and its highest value; weights are -127 ... 127 with a scale an output. Sums of their products are
 * exact, so a result depends on its row and on nothing else. PK_BF16: rows and weights are rounded
 * to bfloat16; each result is one chain of additions in float, by its row alone.
 *
 * No allocation, no threads, no I/O; pointers are the caller's promise.
 */
#ifndef PLAUDIT_NARROW_H
#define PLAUDIT_NARROW_H

#include "ckernels.h"

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

enum { PK_BF16 = 0, PK_INT8 = 1 };

enum {
  /* Outputs of a panel, and bytes that a row is filled up to a multiple of. */
  PK_NARROW_PANEL = 32,
  PK_NARROW_DEPTH = 64,
  /* Rows that are narrow at the same time. */
  PK_NARROW_ROWS = 224
};

/* Weights [outputs, inputs] in the order in which every set reads them: panels of 32 outputs, of
   each four bytes along the inputs, then the next four. */
typedef struct pk_narrow_weights {
  const void *panels; /* [outputs / 32][depth / 4][32][4] bytes */
  /* PK_INT8, [outputs] up to a multiple of 32: the value of a step, and the sum of an output's
     weights as rounded. */
  const float *PK_NULLABLE scales;
  const float *PK_NULLABLE sums;
  int64_t inputs, outputs;
} pk_narrow_weights;

/* out = f(a * weights' + bias); out [rows, outputs] is another place than a [rows, inputs]. */
typedef struct pk_narrow_product {
  const float *a;
  float *out;
  const float *PK_NULLABLE bias;
  const pk_narrow_weights *weights;
  void *scratch; /* pk_narrow_scratch bytes on a 64-byte boundary */
  int64_t a_stride, out_stride, rows;
  int32_t function; /* PK_GELU is within 8e-5 here; others as in the set of rows */
} pk_narrow_product;

typedef struct pk_narrow_set {
  const char *name;
  int32_t format;
  void (*multiply)(const pk_narrow_product *product);
  /* The same in two steps that fall into parts: of a product of 1 to PK_NARROW_ROWS rows and 1 and
     more inputs, rows from `first` on are made narrow; once all are, panels from `first` on are
     multiplied. Parts may be done at the same time. */
  void (*narrow)(const pk_narrow_product *product, int64_t first, int64_t count);
  void (*panels)(const pk_narrow_product *product, int64_t first, int64_t count);
} pk_narrow_set;

/* The sets this CPU can run, from the plainest (index 0) to the fastest; NULL past the last. To
   ask for AMX asks the operating system for its registers, once a process. */
const pk_narrow_set *PK_NULLABLE pk_narrow_kernels(int32_t format, int index);
/* The one of any machine. */
const pk_narrow_set *pk_narrow_plainest(int32_t format);
/* Whether the set is worth having beside fp32 kernels as wide as the CPU allows. */
int32_t pk_narrow_is_fast(const pk_narrow_set *set);
/* Whether products of odd shapes equal those of a plain loop; memory has pk_narrow_check_size bytes
   on a 64-byte boundary. */
int32_t pk_narrow_check(const pk_narrow_set *set, void *memory);
int64_t pk_narrow_check_size(void);

/* The bytes of a row, of panels, and of a scratch. */
int64_t pk_narrow_depth(int32_t format, int64_t inputs);
int64_t pk_narrow_size(int32_t format, int64_t inputs, int64_t outputs);
int64_t pk_narrow_scratch(int32_t format, int64_t inputs);
/* Packs weights [outputs, inputs], row by row; scales and sums for PK_INT8 alone. */
void pk_narrow_pack(int32_t format, const float *weights, int64_t inputs, int64_t outputs,
                    void *panels, float *PK_NULLABLE scales, float *PK_NULLABLE sums);
/* The same of `count` outputs from `first` on, a multiple of PK_NARROW_PANEL, whose rows `weights`
   has; panels, scales and sums are those of all `outputs`. */
void pk_narrow_pack_part(int32_t format, const float *weights, int64_t inputs, int64_t outputs,
                         int64_t first, int64_t count, void *panels, float *PK_NULLABLE scales,
                         float *PK_NULLABLE sums);
/* The product by a plain loop over what pk_narrow_pack made, whose results others are held
   against. */
void pk_narrow_plain(int32_t format, const pk_narrow_product *product);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif

#endif
