/* The one source of the ridge kernels. Included by portable.c, avx2.c and avx512.c
   after rows.h; multiplications and additions are never fused, so every set gives the same bits. */

typedef double PK_NAME(eight) __attribute__((vector_size(64), aligned(8)));

static void PK_NAME(ridge_judge)(const double *inverse, const double *x, int64_t n, double *mean,
                                 double *spread) {
  const PK_NAME(eight) *context = (const PK_NAME(eight) *)x;
  PK_NAME(eight) m = {0}, s = {0};
  for (int64_t first = 0; first < n; first += 4) {
    int64_t end = first + 4 < n ? first + 4 : n;
    PK_NAME(eight) a = {0}, b = {0}, c = {0}, d = {0};
    for (int64_t j = 0; j < end; j++, inverse += 4) {
      PK_NAME(eight) column = context[j];
      a += column * inverse[0];
      b += column * inverse[1];
      c += column * inverse[2];
      d += column * inverse[3];
    }
    m += (a * inverse[0] + b * inverse[1]) + (c * inverse[2] + d * inverse[3]);
    s += (a * a + b * b) + (c * c + d * d);
    inverse += 4;
  }
  *(PK_NAME(eight) *)mean = m;
  *(PK_NAME(eight) *)spread = s;
}

/* Eight elements from i on of each of `height` rows of the sums, from k on, which stay in registers
   while all rows are added. */
static inline __attribute__((always_inline)) void PK_NAME(gram_tile)(double *sums,
                                                                     const double *rows,
                                                                     int64_t count, int64_t stride,
                                                                     int64_t k, int64_t i,
                                                                     int height) {
  PK_NAME(eight) tile[8];
  for (int t = 0; t < height; t++) tile[t] = *(PK_NAME(eight) *)(sums + (k + t) * stride + i);
  for (int64_t r = 0; r < count; r++, rows += stride) {
    PK_NAME(eight) row = *(const PK_NAME(eight) *)(rows + i);
    for (int t = 0; t < height; t++) tile[t] += row * rows[k + t];
  }
  for (int t = 0; t < height; t++) *(PK_NAME(eight) *)(sums + (k + t) * stride + i) = tile[t];
}

static void PK_NAME(ridge_gram)(double *sums, const double *rows, int64_t count, int64_t n,
                                int64_t stride) {
  for (int64_t i = 0; i < stride; i += 8) {
    int64_t k = 0, end = i + 8 < n ? i + 8 : n;
    for (; k + PK_GRAM_ROWS <= end; k += PK_GRAM_ROWS)
      PK_NAME(gram_tile)(sums, rows, count, stride, k, i, PK_GRAM_ROWS);
    for (; k < end; k++) PK_NAME(gram_tile)(sums, rows, count, stride, k, i, 1);
  }
}

const pk_ridge_set PK_NAME(ridge_set) = {PK_SET, PK_NAME(ridge_judge), PK_NAME(ridge_gram)};
