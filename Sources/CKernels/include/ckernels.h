/* Kernels for floats: rows, what a network does to them, matrix products; and for a bandit's
 * contexts.
 *
 * Each exists once as source (rows.h, tape.h, matrix.h, encoder.h, attention.h, ridge.h,
 * posterior.h) and is compiled for the plain machine and for wider vectors. Sets of floats differ from each other in the last bits, because the
 * wide ones fuse multiply and add.
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

/* Row kernels. A result depends on the row alone, never on its neighbours or its address: sums run
   over 16 fixed lanes in every set. */
typedef struct pk_kernel_set {
  const char *name; /* "portable", "avx2", "avx512" */

  /* Sum of a[i] * b[i]. */
  float (*dot)(const float *a, const float *b, int64_t n);
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

/* Tape kernels: what training does to rows besides matrix products, forwards and backwards.
 *
 * One source (tape.h) is compiled for float on every kernel set, and for double on the portable
 * one, where gradients are checked against differences. Pointers are to that element type. Rows
 * are [rows, n], one after another; columns `first` to `first + count` of rows of width n are
 * summed from the first row to the last. A result depends neither on threads nor on how rows or
 * columns are cut into calls. */

/* Counter-based dropout: element i of a stream is kept or not as a function of seed, stream and i
   alone. The rate is rounded to a multiple of 1/65536; kept elements are multiplied by
   1 / (1 - rate). */
typedef struct pk_dropout {
  uint64_t seed;
  uint64_t stream;
  double rate;
  int64_t first; /* the index of the call's first element */
} pk_dropout;

enum {
  PK_GELU = 0,
  PK_GELU_TANH = 1,
  PK_RELU = 2,
  PK_SILU = 3,
  PK_TANH = 4,
  PK_SIGMOID = 5,
  PK_IDENTITY = 6
};

struct pk_adam;

typedef struct pk_tape_set {
  const char *name;
  /* y = f(x + bias); bias may be NULL; y may be x. GELU has the exact error function (relative
     error of erf below 2e-7). */
  void (*activate)(int32_t kind, void *y, const void *x, const void *PK_NULLABLE bias,
                   int64_t rows, int64_t n);
  /* The same, and x becomes f'(x + bias). */
  void (*activate_with_slope)(int32_t kind, void *y, void *x, const void *PK_NULLABLE bias,
                              int64_t rows, int64_t n);
  /* dx = dy * f'(x + bias), or dx += with accumulate 1. */
  void (*activate_backward)(int32_t kind, void *dx, const void *dy, const void *x,
                            const void *PK_NULLABLE bias, int64_t rows, int64_t n,
                            int32_t accumulate);
  /* dx = dy * slope in columns first to first + count - 1; sum += dx over rows. dx may be dy. */
  void (*slope_backward)(void *dx, const void *dy, const void *slope, void *PK_NULLABLE sum,
                         int64_t rows, int64_t n, int64_t first, int64_t count);
  /* h = dropout(x + bias) + residual; x becomes the normalised h, y = x * weight + shift, and
     deviations [rows] the reciprocal standard deviations. */
  void (*norm)(void *y, void *x, void *deviations, const void *PK_NULLABLE bias,
               const void *PK_NULLABLE residual, const void *weight, const void *shift,
               int64_t rows, int64_t n, double epsilon, const pk_dropout *PK_NULLABLE dropout);
  /* From dy to dx (through the dropout) and dresidual; each may be NULL and is added to with its
     accumulate flag. */
  void (*norm_backward)(void *PK_NULLABLE dx, void *PK_NULLABLE dresidual, const void *dy,
                        const void *normalised, const void *deviations, const void *weight,
                        int64_t rows, int64_t n, const pk_dropout *PK_NULLABLE dropout,
                        int32_t accumulate_dx, int32_t accumulate_dresidual);
  /* sum += x over rows; product_sum += x * z over rows, may be NULL. */
  void (*column_sums)(void *sum, void *PK_NULLABLE product_sum, const void *x,
                      const void *PK_NULLABLE z, int64_t rows, int64_t n, int64_t first,
                      int64_t count);
  /* y = dropout(x), or y += with accumulate 1; y may be x. */
  void (*drop)(void *y, const void *x, int64_t count, const pk_dropout *dropout,
               int32_t accumulate);
  /* Each row its softmax. */
  void (*softmax)(void *x, int64_t rows, int64_t n);
  /* d = factor * p * (d - sum(d * p)) row by row. */
  void (*softmax_backward)(void *d, const void *p, int64_t rows, int64_t n, double factor);
  /* y = factor * x, or y += with accumulate 1. */
  void (*add)(void *y, const void *x, double factor, int64_t count, int32_t accumulate);
  /* One LSTM step of one text (gates i, f, g, o, each n wide): gates hold the sums of projections
     and biases and become the activated gates; c and h are written. previous_c may be NULL for
     zeros, recurrent likewise. */
  void (*lstm_step)(void *gates, const void *PK_NULLABLE recurrent,
                    const void *PK_NULLABLE previous_c, void *c, void *h, int64_t n);
  /* Backwards: dh is the whole gradient of h, dc that of c from the next step and becomes that of
     the previous c; dgates are written. */
  void (*lstm_step_backward)(void *dgates, void *dc, const void *dh, const void *gates,
                             const void *PK_NULLABLE previous_c, const void *c, int64_t n);
  /* Sum of squares in double, over 16 fixed lanes. */
  double (*sum_of_squares)(const void *x, int64_t count);
  /* One step of Adam on count weights; see pk_adam. Gradients are zero afterwards. */
  void (*adam)(void *weights, void *gradient, void *mean, void *square, int64_t count,
               const struct pk_adam *how);
} pk_tape_set;

/* m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; w = w (1 - decay_rate) - step * m / (sqrt(v) /
   root_correction + epsilon), with g = gradient_factor * gradient + l2 * w (Kingma & Ba 2015;
   Loshchilov & Hutter 2019 for the decoupled decay). */
typedef struct pk_adam {
  double beta1, beta2, epsilon;
  double gradient_factor;
  double l2;
  double decay_rate;
  double step;            /* learning rate / (1 - beta1^t) */
  double root_correction; /* sqrt(1 - beta2^t) */
} pk_adam;

/* The tape kernels of pk_kernels(index), for float; and those for double. */
const pk_tape_set *PK_NULLABLE pk_tape_kernels(int index);
const pk_tape_set *pk_tape_kernels_double(void);

/* Matrix products of floats: c (+)= op(a) * factor * op(b) with op(a) [rows, inner], op(b) [inner,
   columns] and c [rows, columns], row by row; strides are distances between rows as stored.
   Each result is one chain of additions along the inner dimension: it depends neither on the
   number of rows or columns, nor on whether b was packed before. Sets that fuse multiply and add
   agree bit for bit. */
typedef struct pk_product {
  const float *a;
  const float *b;
  float *c;
  int64_t a_stride, b_stride, c_stride;
  int64_t rows, columns, inner;
  int32_t a_transposed, b_transposed;
  int32_t accumulate; /* 1: c += */
  float factor;
  /* Unless out is NULL, out = f(c + bias) once c is complete; out may be c, unless c is to become
     f'(c + bias). */
  float *PK_NULLABLE out;
  int64_t out_stride;
  const float *PK_NULLABLE bias; /* [columns] */
  int32_t function;              /* PK_GELU and so on */
  int32_t makes_slope;
  /* Unless slopes is NULL, c *= slopes once c is complete, and sums [columns] += c over rows unless
     sums is NULL. */
  const float *PK_NULLABLE slopes;
  int64_t slopes_stride;
  float *PK_NULLABLE sums;
} pk_product;

/* Blocks of b that are packed at a time; a scratch has room for one and some tiles of a. */
enum {
  PK_BLOCK_DEPTH = 384,
  PK_BLOCK_WIDTH = 384,
  PK_MOST_TILE_ROWS = 16,
  PK_GATHERED_TILES = 8,
  PK_PACKED = 32, /* a multiple of every set's panels */
  PK_SCRATCH = PK_BLOCK_DEPTH * (PK_BLOCK_WIDTH + PK_MOST_TILE_ROWS * PK_GATHERED_TILES)
};

typedef struct pk_matrix_set {
  const char *name;
  /* Packs b on the way, into a scratch of PK_SCRATCH floats. */
  void (*multiply)(const pk_product *product, float *scratch);
  /* The floats of a packed b. */
  int64_t (*packed_size)(int64_t inner, int64_t columns);
  /* Packs factor * op(b); reads b, b_stride, b_transposed, columns, inner and factor. */
  void (*pack)(float *to, const pk_product *product);
  /* Packs `count` columns from `first` on of a b that is stored by columns, and that product->b has
     from `first` on; first is a multiple of PK_PACKED, and count unless it reaches the end. All
     parts together are what pack makes. */
  void (*pack_part)(float *to, const pk_product *product, int64_t first, int64_t count);
  /* The columns of a packed b, one after another: to [columns, inner]. */
  void (*unpack)(float *to, const float *packed, int64_t inner, int64_t columns);
  /* The product with columns of a packed b, whatever product->b is: product->columns of `all` from
     `first` on, a multiple of PK_PACKED. */
  void (*multiply_packed)(const pk_product *product, const float *packed, int64_t first,
                          int64_t all);
} pk_matrix_set;

/* The matrix kernels of pk_kernels(index), and those of any machine. */
const pk_matrix_set *PK_NULLABLE pk_matrix_kernels(int index);
const pk_matrix_set *pk_plain_matrix_kernels(void);
/* Ridge kernels: what bandits with contexts do, in doubles, eight contexts at once. No set fuses
 * multiply and add: all give the same bits. */
typedef struct pk_ridge_set {
  const char *name;
  /* With w = M x for each of eight contexts x [n, 8]: mean [8] becomes w . z and spread [8] w . w.
     M is lower triangular, in groups of four rows: of each column up to the group's last row the
     four elements (0 above the diagonal and past the last row), then the four z. */
  void (*judge)(const double *inverse, const double *x, int64_t n, double *mean, double *spread);
  /* sums [n, stride] += row[k] * row[i] for each row of rows [count, stride] in turn; of row k of
     the sums only elements from the multiple of 8 at or before k on. stride is a multiple of 8. */
  void (*gram)(double *sums, const double *rows, int64_t count, int64_t n, int64_t stride);
} pk_ridge_set;

/* The ridge kernels of pk_kernels(index). */
const pk_ridge_set *PK_NULLABLE pk_ridge_kernels(int index);

/* A posterior's density up to a factor, by the distance x from its peak. `weight`, `rate`, `scale`
   and `limit` are, of a
   normal: nothing, nothing, sigma, nothing: exp(-(x / sigma)^2 / 2);
   beta, x in logits: a + b, the smaller of the two as a share of them, 1 or, where that is b, -1,
   and the distance from which the curve is straight: at least 38 - log(rate), at most 700;
   Student's t, at c + u sinh(peak + x): its freedom, u / scale * sinh(peak),
   u / scale * cosh(peak), tanh(peak). */
enum { PK_CURVE_NORMAL = 0, PK_CURVE_BETA = 1, PK_CURVE_STUDENT = 2 };
typedef struct pk_curve {
  int64_t kind;
  double peak;
  double weight, rate, scale, limit;
} pk_curve;

/* Quadrature on -1...1; integrals [16, 16]: of row j and column i, the weight of the value at node j
   in the integral up to node i. */
typedef struct pk_panel {
  double nodes[16], weights[16], integrals[256];
} pk_panel;

/* The panels in which an arm has a density, and its values at their nodes. */
typedef struct pk_span {
  int64_t first, last;
  double *density, *below;
} pk_span;

/* Posterior kernels: how often each of some arms is best and second best, in doubles. No set fuses
 * multiply and add: all give the same bits. */
typedef struct pk_posterior_set {
  const char *name;
  /* Turns distances into densities, [panels, 16], in place. An odd number of panels needs room for
     one more. */
  void (*at)(const pk_curve *curve, int64_t panels, double *values);
  /* Density and distribution function of one arm [panels, 16] between edges [panels + 1], divided by
     the integral up to the last edge, which is returned: `before` up to the first. The density needs
     room for an even number of panels. */
  double (*fill)(const pk_curve *curve, const pk_panel *rule, const double *edges, int64_t panels,
                 double before, double *density, double *below);
  /* best and second [count], from all spans; room has 64 count doubles. */
  void (*places)(const pk_panel *rule, const double *edges, int64_t panels, const pk_span *spans,
                 int64_t count, double *room, double *best, double *second);
} pk_posterior_set;

/* The posterior kernels of pk_kernels(index). */
const pk_posterior_set *PK_NULLABLE pk_posterior_kernels(int index);

/* What prediction does in a transformer besides products with weights; training has the tape's
   kernels. A text's results depend on that text alone. */
typedef struct pk_attention {
  /* Heads lie side by side, each `size` wide; keys and values of a token are in rows `stride`
     apart. */
  const float *queries, *keys, *values;
  float *out;
  int64_t query_stride, stride, out_stride;
  int64_t queries_count, length; /* queries, keys; at least 1 */
  int64_t heads, size;           /* size is a multiple of the set's lanes */
  float factor;                  /* of scores, above 0 */
  float *scratch;                /* attend_scratch floats */
} pk_attention;

typedef struct pk_encoder_set {
  const char *name;
  int32_t lanes;
  /* Rows of x become norm(x + bias + residual) * weight + shift; bias and residual may be NULL. */
  void (*normalise)(float *x, const float *PK_NULLABLE bias, const float *PK_NULLABLE residual,
                    const float *weight, const float *shift, int64_t rows, int64_t n,
                    float epsilon);
  int64_t (*attend_scratch)(int64_t length, int64_t size);
  /* out = softmax(factor * queries * keys') * values, head by head. */
  void (*attend)(const pk_attention *attention);
} pk_encoder_set;

/* The encoder kernels of pk_kernels(index). */
const pk_encoder_set *PK_NULLABLE pk_encoder_kernels(int index);

/* The floats of a row of kept weights: one a key, zeros up to a multiple of 16. */
static inline int64_t pk_attention_width(int64_t length) { return (length + 15) / 16 * 16; }

/* Where the gradients of an attention come from and go to; strides as in pk_attention. */
typedef struct pk_attention_gradients {
  const float *out;
  float *queries, *keys, *values;
  int64_t out_stride, query_stride, stride;
  int32_t accumulate_queries; /* 1: queries += */
  int32_t accumulate;         /* the same of keys and values */
} pk_attention_gradients;

/* Attention in training, of one text. Weights are [heads, queries_count, pk_attention_width]. */
typedef struct pk_attention_set {
  const char *name;
  int32_t lanes;
  /* Of pk_attention, in place of attend_scratch. */
  int64_t (*scratch)(int64_t length, int64_t size);
  /* weights = softmax(factor * queries * keys'), kept = dropout(weights), out = kept * values.
     Without a dropout kept is not written, and weights takes its place. */
  void (*forward)(const pk_attention *attention, float *weights, float *kept,
                  const pk_dropout *PK_NULLABLE dropout);
  /* `kept` is `weights` if there was no dropout. */
  void (*backward)(const pk_attention *attention, const pk_attention_gradients *gradients,
                   const float *weights, const float *kept);
} pk_attention_set;

/* The attention kernels of pk_kernels(index). */
const pk_attention_set *PK_NULLABLE pk_attention_kernels(int index);

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

#include "narrow.h"

#endif
