/* The one source of the tape kernels. Included after rows.h (float) or by tape_double.c, which
   define PK_SET, PK_NAME(x), PK_MULADD(a, b, c), PK_REAL and the functions PK_ROOT, PK_EXP (for
   arguments up to 88) and PK_ERF. */

/* Adds the lanes pairwise, always in this order. */
static inline PK_REAL PK_NAME(lane_sum)(const PK_REAL *lanes) {
  PK_REAL eight[8], four[4];
  for (int i = 0; i < 8; i++) eight[i] = lanes[i] + lanes[i + 8];
  for (int i = 0; i < 4; i++) four[i] = eight[i] + eight[i + 4];
  return (four[0] + four[2]) + (four[1] + four[3]);
}

static inline PK_REAL PK_NAME(sum)(const PK_REAL *x, int64_t n) {
  PK_REAL lanes[LANES] = {0};
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (int l = 0; l < LANES; l++) lanes[l] += x[i + l];
  for (int l = 0; i + l < n; l++) lanes[l] += x[i + l];
  return PK_NAME(lane_sum)(lanes);
}

static inline PK_REAL PK_NAME(product_sum)(const PK_REAL *x, const PK_REAL *y, int64_t n) {
  PK_REAL lanes[LANES] = {0};
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (int l = 0; l < LANES; l++) lanes[l] = PK_MULADD(x[i + l], y[i + l], lanes[l]);
  for (int l = 0; i + l < n; l++) lanes[l] = PK_MULADD(x[i + l], y[i + l], lanes[l]);
  return PK_NAME(lane_sum)(lanes);
}

/* ---- Functions of one number ------------------------------------------------------------- */

static inline PK_REAL PK_NAME(sigmoid)(PK_REAL x) {
  PK_REAL t = -x;
  t = t > 88 ? 88 : t;
  return 1 / (1 + PK_EXP(t));
}

/* Near 0 the odd series, beyond it the exponential: no cancellation in either. */
static inline PK_REAL PK_NAME(tanh)(PK_REAL x) {
  PK_REAL s = x * x;
  PK_REAL near = (PK_REAL)(-1382.0 / 155925.0);
  near = near * s + (PK_REAL)(62.0 / 2835.0);
  near = near * s + (PK_REAL)(-17.0 / 315.0);
  near = near * s + (PK_REAL)(2.0 / 15.0);
  near = near * s + (PK_REAL)(-1.0 / 3.0);
  near = near * s * x + x;
  PK_REAL t = x < 0 ? x : -x;
  PK_REAL e = PK_EXP(2 * t);
  PK_REAL far = (1 - e) / (1 + e);
  far = x < 0 ? -far : far;
  PK_REAL bound = sizeof(PK_REAL) == 4 ? (PK_REAL)0.25 : (PK_REAL)0.01;
  return t > -bound ? near : far;
}

#define PK_INNER ((PK_REAL)0.79788456080286535588) /* sqrt(2 / pi) */

static inline PK_REAL PK_NAME(apply)(int32_t kind, PK_REAL x) {
  PK_REAL y;
  switch (kind) {
    case PK_GELU:
      y = (PK_REAL)0.5 * x * (1 + PK_ERF(x * (PK_REAL)0.70710678118654752440));
      return x == x ? y : x;
    case PK_GELU_TANH:
      y = PK_INNER * (x + (PK_REAL)0.044715 * x * x * x);
      return (PK_REAL)0.5 * x * (1 + PK_NAME(tanh)(y));
    case PK_RELU: return x < 0 ? 0 : x; /* keeps NaN */
    case PK_SILU: return x * PK_NAME(sigmoid)(x);
    case PK_TANH: return PK_NAME(tanh)(x);
    case PK_SIGMOID: return PK_NAME(sigmoid)(x);
    default: return x;
  }
}

static inline PK_REAL PK_NAME(slope)(int32_t kind, PK_REAL x) {
  PK_REAL y, t;
  switch (kind) {
    case PK_GELU:
      y = (PK_REAL)-0.5 * x * x;
      t = (PK_REAL)0.5 * (1 + PK_ERF(x * (PK_REAL)0.70710678118654752440));
      return t + x * (PK_REAL)0.39894228040143267794 * PK_EXP(y);
    case PK_GELU_TANH:
      t = PK_NAME(tanh)(PK_INNER * (x + (PK_REAL)0.044715 * x * x * x));
      y = PK_INNER * (1 + 3 * (PK_REAL)0.044715 * x * x);
      return (PK_REAL)0.5 * (1 + t) + (PK_REAL)0.5 * x * (1 - t * t) * y;
    case PK_RELU: return x > 0 ? 1 : 0;
    case PK_SILU:
      y = PK_NAME(sigmoid)(x);
      return y * (1 + x * (1 - y));
    case PK_TANH:
      y = PK_NAME(tanh)(x);
      return 1 - y * y;
    case PK_SIGMOID:
      y = PK_NAME(sigmoid)(x);
      return y * (1 - y);
    default: return 1;
  }
}

/* ---- Activations ------------------------------------------------------------------------- */

/* One loop a kind, so that each can be vectorised. */
#define PK_EACH_KIND(BODY)                    \
  switch (kind) {                             \
    case PK_GELU: BODY(PK_GELU) break;        \
    case PK_GELU_TANH: BODY(PK_GELU_TANH) break; \
    case PK_RELU: BODY(PK_RELU) break;        \
    case PK_SILU: BODY(PK_SILU) break;        \
    case PK_TANH: BODY(PK_TANH) break;        \
    case PK_SIGMOID: BODY(PK_SIGMOID) break;  \
    default: BODY(PK_IDENTITY) break;         \
  }

static void PK_NAME(activate)(int32_t kind, void *out, const void *in, const void *offset,
                              int64_t rows, int64_t n) {
  PK_REAL block[64], zero[64] = {0};
  for (int64_t row = 0; row < rows; row++)
    for (int64_t first = 0; first < n; first += 64) {
      int64_t count = n - first < 64 ? n - first : 64;
      PK_REAL *y = (PK_REAL *)out + row * n + first;
      const PK_REAL *x = (const PK_REAL *)in + row * n + first;
      const PK_REAL *bias = offset ? (const PK_REAL *)offset + first : zero;
      /* By way of a block: y may be x, which would keep the loop from vectors. */
#define PK_BODY(KIND) \
  for (int64_t i = 0; i < count; i++) block[i] = PK_NAME(apply)(KIND, x[i] + bias[i]);
      PK_EACH_KIND(PK_BODY)
#undef PK_BODY
      memcpy(y, block, (size_t)count * sizeof *y);
    }
}

/* y = f(x + bias), and x becomes f'(x + bias). */
static void PK_NAME(activate_with_slope)(int32_t kind, void *out, void *in, const void *offset,
                                         int64_t rows, int64_t n) {
  PK_REAL block[64], slopes[64], zero[64] = {0};
  for (int64_t row = 0; row < rows; row++)
    for (int64_t first = 0; first < n; first += 64) {
      int64_t count = n - first < 64 ? n - first : 64;
      PK_REAL *y = (PK_REAL *)out + row * n + first, *x = (PK_REAL *)in + row * n + first;
      const PK_REAL *bias = offset ? (const PK_REAL *)offset + first : zero;
#define PK_BODY(KIND)                         \
  for (int64_t i = 0; i < count; i++) {       \
    PK_REAL z = x[i] + bias[i];               \
    block[i] = PK_NAME(apply)(KIND, z);       \
    slopes[i] = PK_NAME(slope)(KIND, z);      \
  }
      PK_EACH_KIND(PK_BODY)
#undef PK_BODY
      memcpy(y, block, (size_t)count * sizeof *y);
      memcpy(x, slopes, (size_t)count * sizeof *x);
    }
}

static void PK_NAME(activate_backward)(int32_t kind, void *to, const void *from, const void *in,
                                       const void *offset, int64_t rows, int64_t n,
                                       int32_t accumulate) {
  PK_REAL zero[64] = {0};
  for (int64_t row = 0; row < rows; row++)
    for (int64_t first = 0; first < n; first += 64) {
      int64_t count = n - first < 64 ? n - first : 64;
      PK_REAL *dx = (PK_REAL *)to + row * n + first;
      const PK_REAL *dy = (const PK_REAL *)from + row * n + first;
      const PK_REAL *x = (const PK_REAL *)in + row * n + first;
      const PK_REAL *bias = offset ? (const PK_REAL *)offset + first : zero;
#define PK_BODY(KIND)                                                                           \
  if (accumulate)                                                                               \
    for (int64_t i = 0; i < count; i++) dx[i] += dy[i] * PK_NAME(slope)(KIND, x[i] + bias[i]);   \
  else                                                                                          \
    for (int64_t i = 0; i < count; i++) dx[i] = dy[i] * PK_NAME(slope)(KIND, x[i] + bias[i]);
      PK_EACH_KIND(PK_BODY)
#undef PK_BODY
    }
}

static void PK_NAME(slope_backward)(void *to, const void *from, const void *slopes, void *sum_,
                                    int64_t rows, int64_t n, int64_t first, int64_t count) {
  enum { BLOCK = 512 };
  for (int64_t start = first; start < first + count; start += BLOCK) {
    int64_t width = first + count - start < BLOCK ? first + count - start : BLOCK;
    PK_REAL sums[BLOCK] = {0};
    for (int64_t row = 0; row < rows; row++) {
      PK_REAL *dx = (PK_REAL *)to + row * n + start;
      const PK_REAL *dy = (const PK_REAL *)from + row * n + start;
      const PK_REAL *slope = (const PK_REAL *)slopes + row * n + start;
      for (int64_t i = 0; i < width; i++) {
        dx[i] = dy[i] * slope[i];
        sums[i] += dx[i];
      }
    }
    if (!sum_) continue;
    PK_REAL *sum = (PK_REAL *)sum_ + start;
    for (int64_t i = 0; i < width; i++) sum[i] += sums[i];
  }
}

/* ---- Dropout ----------------------------------------------------------------------------- */

enum { DROP_BLOCK = 128 };
typedef uint64_t PK_NAME(counters) __attribute__((vector_size(128)));
typedef uint32_t PK_NAME(words) __attribute__((vector_size(64)));

/* The factors of elements block * 128 to block * 128 + 127 of a stream: the low half of word w of
   the Philox4x32-10 block with counter (block * 16 + l, stream) belongs to element 32 w + l, the
   high half to element 32 w + 16 + l. */
static inline void PK_NAME(drop_factors)(PK_REAL *factors, const pk_dropout *how, uint64_t block) {
  /* A counter's words in numbers of 64 bits, of which the low halves count: so they multiply. */
  PK_NAME(counters) c0, c1, c2, c3;
  for (int l = 0; l < 16; l++) c0[l] = block * 16 + (uint64_t)l;
  c1 = c0 >> 32;
  c2 = c0 - c0 + how->stream;
  c3 = c2 >> 32;
  uint32_t k0 = (uint32_t)how->seed, k1 = (uint32_t)(how->seed >> 32);
  for (int round = 0; round < 10; round++) {
    PK_NAME(counters) first = (c0 & 0xFFFFFFFF) * 0xD2511F53u;
    PK_NAME(counters) second = (c2 & 0xFFFFFFFF) * 0xCD9E8D57u;
    c0 = second >> 32 ^ c1 ^ k0;
    c1 = second;
    c2 = first >> 32 ^ c3 ^ k1;
    c3 = first;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  PK_NAME(words) words[4] = {
      __builtin_convertvector(c0, PK_NAME(words)), __builtin_convertvector(c1, PK_NAME(words)),
      __builtin_convertvector(c2, PK_NAME(words)), __builtin_convertvector(c3, PK_NAME(words))};
  double share = how->rate * 65536.0 + 0.5;
  uint32_t bound = share >= 65535.0 ? 65535u : (uint32_t)share;
  PK_REAL kept = (PK_REAL)(65536.0 / (65536.0 - bound));
  for (int w = 0; w < 4; w++, factors += 32)
    for (int l = 0; l < 16; l++) {
      factors[l] = (words[w][l] & 0xFFFF) >= bound ? kept : 0;
      factors[16 + l] = words[w][l] >> 16 >= bound ? kept : 0;
    }
}

/* The factors from element `first` on, at most `count` and none beyond the end of a block: their
   place, in `block` or behind its beginning, and in `span` their number. */
static inline const PK_REAL *PK_NAME(drop_span)(PK_REAL *block, const pk_dropout *how,
                                                int64_t first, int64_t count, int64_t *span) {
  uint64_t start = (uint64_t)(how->first + first);
  int64_t skip = (int64_t)(start % DROP_BLOCK);
  PK_NAME(drop_factors)(block, how, start / DROP_BLOCK);
  *span = count < DROP_BLOCK - skip ? count : DROP_BLOCK - skip;
  return block + skip;
}

static void PK_NAME(drop)(void *out, const void *in, int64_t count, const pk_dropout *how,
                          int32_t accumulate) {
  PK_REAL block[DROP_BLOCK], *y = out;
  const PK_REAL *x = in;
  for (int64_t first = 0, span; first < count; first += span) {
    const PK_REAL *factors = PK_NAME(drop_span)(block, how, first, count - first, &span);
    if (accumulate)
      for (int64_t i = 0; i < span; i++) y[first + i] += x[first + i] * factors[i];
    else
      for (int64_t i = 0; i < span; i++) y[first + i] = x[first + i] * factors[i];
  }
}

/* ---- Layer normalisation ----------------------------------------------------------------- */

static void PK_NAME(norm)(void *out, void *in, void *deviations, const void *offset,
                          const void *residual, const void *weight_, const void *shift_,
                          int64_t rows, int64_t n, double epsilon, const pk_dropout *dropout) {
  const PK_REAL *bias = offset, *weight = weight_, *shift = shift_;
  for (int64_t row = 0; row < rows; row++) {
    PK_REAL *x = (PK_REAL *)in + row * n, *y = (PK_REAL *)out + row * n;
    if (bias)
      for (int64_t i = 0; i < n; i++) x[i] += bias[i];
    if (dropout) {
      pk_dropout here = *dropout;
      here.first += row * n;
      PK_NAME(drop)(x, x, n, &here, 0);
    }
    if (residual) {
      const PK_REAL *r = (const PK_REAL *)residual + row * n;
      for (int64_t i = 0; i < n; i++) x[i] += r[i];
    }
    PK_REAL mean = PK_NAME(sum)(x, n) / (PK_REAL)n;
    for (int64_t i = 0; i < n; i++) x[i] -= mean;
    PK_REAL scale =
        1 / PK_ROOT(PK_NAME(product_sum)(x, x, n) / (PK_REAL)n + (PK_REAL)epsilon);
    for (int64_t i = 0; i < n; i++) x[i] *= scale;
    for (int64_t i = 0; i < n; i++) y[i] = PK_MULADD(x[i], weight[i], shift[i]);
    ((PK_REAL *)deviations)[row] = scale;
  }
}

static void PK_NAME(norm_backward)(void *to_x, void *to_residual, const void *from,
                                   const void *normalised, const void *deviations,
                                   const void *weight_, int64_t rows, int64_t n,
                                   const pk_dropout *dropout, int32_t accumulate_dx,
                                   int32_t accumulate_dresidual) {
  const PK_REAL *weight = weight_;
  for (int64_t row = 0; row < rows; row++) {
    const PK_REAL *dy = (const PK_REAL *)from + row * n;
    const PK_REAL *z = (const PK_REAL *)normalised + row * n;
    PK_REAL scale = ((const PK_REAL *)deviations)[row];
    PK_REAL sums[LANES] = {0}, products[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
      for (int l = 0; l < LANES; l++) {
        PK_REAL g = dy[i + l] * weight[i + l];
        sums[l] += g;
        products[l] = PK_MULADD(g, z[i + l], products[l]);
      }
    for (int l = 0; i + l < n; l++) {
      PK_REAL g = dy[i + l] * weight[i + l];
      sums[l] += g;
      products[l] = PK_MULADD(g, z[i + l], products[l]);
    }
    PK_REAL mean = PK_NAME(lane_sum)(sums) / (PK_REAL)n;
    PK_REAL slope = PK_NAME(lane_sum)(products) / (PK_REAL)n;
    PK_REAL *dx = to_x ? (PK_REAL *)to_x + row * n : NULL;
    PK_REAL *dr = to_residual ? (PK_REAL *)to_residual + row * n : NULL;
    for (int64_t first = 0, span; first < n; first += span) {
      PK_REAL dh[DROP_BLOCK], block[DROP_BLOCK];
      const PK_REAL *factors = NULL;
      span = n - first < DROP_BLOCK ? n - first : DROP_BLOCK;
      if (dropout && dx)
        factors = PK_NAME(drop_span)(block, dropout, row * n + first, n - first, &span);
      for (int64_t j = 0; j < span; j++)
        dh[j] = scale * (dy[first + j] * weight[first + j] - mean - z[first + j] * slope);
      if (dr) {
        if (accumulate_dresidual)
          for (int64_t j = 0; j < span; j++) dr[first + j] += dh[j];
        else
          for (int64_t j = 0; j < span; j++) dr[first + j] = dh[j];
      }
      if (!dx) continue;
      if (factors)
        for (int64_t j = 0; j < span; j++) dh[j] *= factors[j];
      if (accumulate_dx)
        for (int64_t j = 0; j < span; j++) dx[first + j] += dh[j];
      else
        for (int64_t j = 0; j < span; j++) dx[first + j] = dh[j];
    }
  }
}

/* ---- Sums, softmax, additions ------------------------------------------------------------ */

static void PK_NAME(column_sums)(void *sum_, void *product_sum_, const void *x_, const void *z_,
                                 int64_t rows, int64_t n, int64_t first, int64_t count) {
  enum { BLOCK = 64 };
  for (int64_t start = first; start < first + count; start += BLOCK) {
    int64_t width = first + count - start < BLOCK ? first + count - start : BLOCK;
    PK_REAL sums[BLOCK] = {0}, products[BLOCK] = {0};
    for (int64_t row = 0; row < rows; row++) {
      const PK_REAL *x = (const PK_REAL *)x_ + row * n + start;
      if (width == BLOCK)
        for (int i = 0; i < BLOCK; i++) sums[i] += x[i];
      else
        for (int64_t i = 0; i < width; i++) sums[i] += x[i];
      if (!z_) continue;
      const PK_REAL *z = (const PK_REAL *)z_ + row * n + start;
      if (width == BLOCK)
        for (int i = 0; i < BLOCK; i++) products[i] = PK_MULADD(x[i], z[i], products[i]);
      else
        for (int64_t i = 0; i < width; i++) products[i] = PK_MULADD(x[i], z[i], products[i]);
    }
    PK_REAL *sum = (PK_REAL *)sum_ + start;
    for (int64_t i = 0; i < width; i++) sum[i] += sums[i];
    if (!product_sum_) continue;
    PK_REAL *product_sum = (PK_REAL *)product_sum_ + start;
    for (int64_t i = 0; i < width; i++) product_sum[i] += products[i];
  }
}

static void PK_NAME(tape_softmax)(void *x_, int64_t rows, int64_t n) {
  for (int64_t row = 0; row < rows; row++) {
    PK_REAL *x = (PK_REAL *)x_ + row * n;
    PK_REAL highest = x[0];
    for (int64_t i = 1; i < n; i++) highest = x[i] > highest ? x[i] : highest;
    for (int64_t i = 0; i < n; i++) x[i] = PK_EXP(x[i] - highest);
    PK_REAL factor = 1 / PK_NAME(sum)(x, n);
    for (int64_t i = 0; i < n; i++) x[i] *= factor;
  }
}

static void PK_NAME(softmax_backward)(void *d_, const void *p_, int64_t rows, int64_t n,
                                      double factor_) {
  PK_REAL factor = (PK_REAL)factor_;
  for (int64_t row = 0; row < rows; row++) {
    PK_REAL *d = (PK_REAL *)d_ + row * n;
    const PK_REAL *p = (const PK_REAL *)p_ + row * n;
    PK_REAL inner = PK_NAME(product_sum)(d, p, n);
    for (int64_t i = 0; i < n; i++) d[i] = factor * p[i] * (d[i] - inner);
  }
}

static void PK_NAME(tape_add)(void *y_, const void *x_, double factor_, int64_t count,
                              int32_t accumulate) {
  PK_REAL *y = y_, factor = (PK_REAL)factor_;
  const PK_REAL *x = x_;
  if (accumulate)
    for (int64_t i = 0; i < count; i++) y[i] = PK_MULADD(factor, x[i], y[i]);
  else
    for (int64_t i = 0; i < count; i++) y[i] = factor * x[i];
}

/* ---- LSTM -------------------------------------------------------------------------------- */

static void PK_NAME(lstm_step)(void *gates_, const void *recurrent_, const void *previous_,
                               void *c_, void *h_, int64_t n) {
  PK_REAL *i = gates_, *f = i + n, *g = f + n, *o = g + n, *c = c_, *h = h_;
  const PK_REAL *previous = previous_;
  if (recurrent_) {
    const PK_REAL *r = recurrent_;
    for (int64_t k = 0; k < 4 * n; k++) i[k] += r[k];
  }
  for (int64_t k = 0; k < n; k++) i[k] = PK_NAME(sigmoid)(i[k]);
  for (int64_t k = 0; k < n; k++) f[k] = PK_NAME(sigmoid)(f[k]);
  for (int64_t k = 0; k < n; k++) g[k] = PK_NAME(tanh)(g[k]);
  for (int64_t k = 0; k < n; k++) o[k] = PK_NAME(sigmoid)(o[k]);
  if (previous)
    for (int64_t k = 0; k < n; k++) c[k] = f[k] * previous[k] + i[k] * g[k];
  else
    for (int64_t k = 0; k < n; k++) c[k] = i[k] * g[k];
  for (int64_t k = 0; k < n; k++) h[k] = o[k] * PK_NAME(tanh)(c[k]);
}

static void PK_NAME(lstm_step_backward)(void *dgates_, void *dc_, const void *dh_,
                                        const void *gates_, const void *previous_, const void *c_,
                                        int64_t n) {
  const PK_REAL *i = gates_, *f = i + n, *g = f + n, *o = g + n, *c = c_, *dh = dh_;
  const PK_REAL *previous = previous_;
  PK_REAL *di = dgates_, *df = di + n, *dg = df + n, *dout = dg + n, *dc = dc_;
  for (int64_t k = 0; k < n; k++) {
    PK_REAL t = PK_NAME(tanh)(c[k]);
    PK_REAL d = dc[k] + dh[k] * o[k] * (1 - t * t);
    PK_REAL before = previous ? previous[k] : 0;
    dout[k] = dh[k] * t * o[k] * (1 - o[k]);
    di[k] = d * g[k] * i[k] * (1 - i[k]);
    df[k] = d * before * f[k] * (1 - f[k]);
    dg[k] = d * i[k] * (1 - g[k] * g[k]);
    dc[k] = d * f[k];
  }
}

/* ---- Optimiser --------------------------------------------------------------------------- */

static double PK_NAME(sum_of_squares)(const void *x_, int64_t count) {
  const PK_REAL *x = x_;
  double lanes[LANES] = {0};
  int64_t i = 0;
  for (; i + LANES <= count; i += LANES)
    for (int l = 0; l < LANES; l++) lanes[l] += (double)x[i + l] * (double)x[i + l];
  for (int l = 0; i + l < count; l++) lanes[l] += (double)x[i + l] * (double)x[i + l];
  for (int half = LANES / 2; half > 0; half /= 2)
    for (int l = 0; l < half; l++) lanes[l] += lanes[l + half];
  return lanes[0];
}

static void PK_NAME(adam)(void *weights, void *gradient, void *mean, void *square, int64_t count,
                          const struct pk_adam *how) {
  PK_REAL *w = weights, *m = mean, *v = square, *slope = gradient;
  PK_REAL b1 = (PK_REAL)how->beta1, b2 = (PK_REAL)how->beta2;
  PK_REAL c1 = (PK_REAL)(1 - how->beta1), c2 = (PK_REAL)(1 - how->beta2);
  PK_REAL factor = (PK_REAL)how->gradient_factor, l2 = (PK_REAL)how->l2;
  PK_REAL keep = (PK_REAL)(1 - how->decay_rate), step = (PK_REAL)how->step;
  PK_REAL root = (PK_REAL)(1 / how->root_correction), epsilon = (PK_REAL)how->epsilon;
  for (int64_t i = 0; i < count; i++) {
    PK_REAL g = factor * slope[i] + l2 * w[i];
    slope[i] = 0;
    m[i] = b1 * m[i] + c1 * g;
    v[i] = b2 * v[i] + c2 * g * g;
    w[i] = keep * w[i] - step * m[i] / (PK_ROOT(v[i]) * root + epsilon);
  }
}

const pk_tape_set PK_NAME(tape_set) __attribute__((visibility("hidden"))) = {
    PK_SET,
    PK_NAME(activate),
    PK_NAME(activate_with_slope),
    PK_NAME(activate_backward),
    PK_NAME(slope_backward),
    PK_NAME(norm),
    PK_NAME(norm_backward),
    PK_NAME(column_sums),
    PK_NAME(drop),
    PK_NAME(tape_softmax),
    PK_NAME(softmax_backward),
    PK_NAME(tape_add),
    PK_NAME(lstm_step),
    PK_NAME(lstm_step_backward),
    PK_NAME(sum_of_squares),
    PK_NAME(adam),
};
