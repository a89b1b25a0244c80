/* The one source of the ridge kernels. Included by rows_portable.c, rows_avx2.c and rows_avx512.c
   after rows.h; multiplications and additions are never fused, so every set gives the same bits. */

typedef double PK_NAME(eight) __attribute__((vector_size(64), aligned(8)));

static void PK_NAME(ridge_solve)(const double *factor, const double *x, double *rest, int64_t n,
                                 double *mean, double *spread) {
  PK_NAME(eight) *left = (PK_NAME(eight) *)rest;
  memcpy(rest, x, (size_t)n * 8 * sizeof(double));
  PK_NAME(eight) m = {0}, s = {0};
  const double *column = factor;
  for (int64_t k = 0; k < n; k++) {
    int64_t length = n - k;
    PK_NAME(eight) w = left[0] * (1.0 / column[0]);
    m += w * column[length];
    s += w * w;
    for (int64_t i = 1; i < length; i++) left[i] -= w * column[i];
    column += length + 1;
    left++;
  }
  *(PK_NAME(eight) *)mean = m;
  *(PK_NAME(eight) *)spread = s;
}

static void PK_NAME(ridge_gram)(double *sums, const double *rows, int64_t count, int64_t n,
                                int64_t stride) {
  for (int64_t k = 0; k < n; k++)
    for (int64_t i = k & ~(int64_t)7; i < stride; i += 8) {
      PK_NAME(eight) *place = (PK_NAME(eight) *)(sums + k * stride + i), sum = *place;
      for (int64_t r = 0; r < count; r++)
        sum += *(const PK_NAME(eight) *)(rows + r * stride + i) * rows[r * stride + k];
      *place = sum;
    }
}

const pk_ridge_set PK_NAME(ridge_set) = {PK_SET, PK_NAME(ridge_solve), PK_NAME(ridge_gram)};
