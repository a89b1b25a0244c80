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

const pk_ridge_set PK_NAME(ridge_set) = {PK_SET, PK_NAME(ridge_judge), PK_NAME(ridge_gram)};
