/* The one source of the posterior kernels. Included by portable.c, avx2.c and avx512.c, which define
   PK_CELLS, how many densities are computed together: as many as keep the units busy, for one alone
   is a long chain. Multiplications and additions are never fused, so every set gives the same bits. */

typedef double PK_NAME(cells) __attribute__((vector_size(8 * PK_CELLS), aligned(8)));
typedef uint64_t PK_NAME(cell_bits) __attribute__((vector_size(8 * PK_CELLS), aligned(8)));
typedef int64_t PK_NAME(cell_truths) __attribute__((vector_size(8 * PK_CELLS), aligned(8)));
/* The nodes of a panel. */
typedef double PK_NAME(nodes) __attribute__((vector_size(128), aligned(8)));
/* Vectors are passed between functions of this file alone, which are all inlined. */
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpsabi"
#define CELLS PK_NAME(cells)
#define BITS PK_NAME(cell_bits)
#define NODES PK_NAME(nodes)
#define PK_INLINE static inline __attribute__((always_inline))

PK_INLINE CELLS PK_NAME(either)(PK_NAME(cell_truths) truths, CELLS yes, CELLS no) {
  BITS is = (BITS)truths;
  return (CELLS)((is & (BITS)yes) | (~is & (BITS)no));
}

PK_INLINE CELLS PK_NAME(at_least)(CELLS x, double least) {
  return PK_NAME(either)(x > least, x, least - (CELLS){0});
}

PK_INLINE CELLS PK_NAME(at_most)(CELLS x, double most) {
  return PK_NAME(either)(x < most, x, most - (CELLS){0});
}

/* Of e^x = 2^k (1 + r + r^2 p), |r| <= ln 2 / 2: the parts. x in -700...700. */
typedef struct {
  CELLS power, r, square;
} PK_NAME(exponential_parts);

PK_INLINE PK_NAME(exponential_parts) PK_NAME(powers)(CELLS x) {
  CELLS shifted = x * 0x1.71547652b82fep+0 + 0x1.8p52;
  CELLS k = shifted - 0x1.8p52;
  /* ln 2 in two parts, of which k times the first is exact. */
  CELLS r = (x - k * 0x1.62e42fefa3800p-1) - k * 0x1.ef35793c76730p-45, s = r * r;
  /* (e^r - 1 - r) / r^2: 3e-18 relative, before rounding. */
  CELLS p = ((0x1.0000000000000p-1 + r * 0x1.5555555555557p-3) +
             s * (0x1.5555555555556p-5 + r * 0x1.11111111100dcp-7)) +
            (s * s) * (((0x1.6c16c16c162d4p-10 + r * 0x1.a01a01abe7fe1p-13) +
                        s * (0x1.a01a01a6d889cp-16 + r * 0x1.71de0231960ebp-19)) +
                       (s * s) * ((0x1.27e4db646b17ep-22 + r * 0x1.af4de97ca4194p-26) +
                                  s * 0x1.1f730349868cep-29));
  BITS power = ((BITS)shifted + 1023) << 52;
  return (PK_NAME(exponential_parts)){(CELLS)power, r, s * p};
}

/* e^x to 1e-15 of it; x up to 0, below -700 that of -700. */
PK_INLINE CELLS PK_NAME(exponential)(CELLS x) {
  PK_NAME(exponential_parts) e = PK_NAME(powers)(PK_NAME(at_least)(x, -700));
  return e.power + e.power * (e.r + e.square);
}

/* Of log(1 + t) = k ln 2 + f + rest, 1 + f in sqrt(1/2)...sqrt(2); where k is 0, f is t. The rest is
   to 1e-15 of it, so that log(1 + t) - t keeps its digits. t >= -1/2. */
typedef struct {
  CELLS k, f, rest;
} PK_NAME(logarithm_parts);

PK_INLINE PK_NAME(logarithm_parts) PK_NAME(logarithm)(CELLS t) {
  BITS bits = (BITS)(1 + t);
  /* Biased, so that it is never negative; turned into a double by way of 2^52. */
  BITS biased = (bits - 0x3FE6A09E667F3BCD + 0x3FF0000000000000) >> 52;
  CELLS k = (CELLS)(biased | 0x4330000000000000) - 0x1.00000000003ffp52;
  CELLS m = (CELLS)(bits - ((biased - 1023) << 52));
  CELLS f = PK_NAME(either)(k == 0, t, m - 1);
  CELLS s = f / (2 + f), z = s * s, y = z * z;
  /* (atanh(s) - s) / s^3: 3e-18 relative. */
  CELLS p = ((0x1.5555555555555p-2 + z * 0x1.9999999999a39p-3) +
             y * (0x1.2492492476a1ap-3 + z * 0x1.c71c7201a55d7p-4)) +
            (y * y) * ((0x1.745cf8e4bba1bp-4 + z * 0x1.3b1c3c1c81c8fp-4) +
                       y * (0x1.0fbde0f4ad17bp-4 + z * 0x1.0c0aff044a970p-4));
  return (PK_NAME(logarithm_parts)){k, f, s * (2 * z * p - f)};
}

/* A density at distances from its peak, relative to that at the peak. */
PK_INLINE CELLS PK_NAME(curve)(const pk_curve *curve, CELLS x) {
  if (curve->kind == PK_CURVE_NORMAL) {
    CELLS z = x / curve->scale;
    return PK_NAME(exponential)(-0.5 * z * z);
  }
  if (curve->kind == PK_CURVE_BETA) {
    /* exp(-n K), K = log(1 - p + p e^x) - p x, every part of which is of second order in x. */
    double p = curve->rate;
    x *= curve->scale;
    /* From `limit` on K is straight. */
    CELLS near = PK_NAME(at_most)(x, curve->limit);
    CELLS beyond = (1 - p) * (x - near);
    PK_NAME(exponential_parts) e = PK_NAME(powers)(PK_NAME(at_least)(near, -700));
    CELLS t = p * (e.power * (e.r + e.square) + (e.power - 1));
    CELLS second = e.power * e.square + ((e.power * e.r - near) + (e.power - 1));
    PK_NAME(logarithm_parts) l = PK_NAME(logarithm)(t);
    CELLS far = (l.k * 0x1.62e42fefa39efp-1 + l.f) - p * near;
    CELLS k = PK_NAME(either)(l.k == 0, p * second, far) + l.rest + beyond;
    return PK_NAME(exponential)(-curve->weight * k);
  }
  /* Student's t of t + sinh, by sums and differences of hyperbolic functions. */
  CELLS distance = PK_NAME(either)(x < 0, -x, x);
  PK_NAME(exponential_parts) e = PK_NAME(powers)(PK_NAME(at_most)(distance, 300));
  CELLS minus = e.power * (e.r + e.square) + (e.power - 1), ratio = minus / (1 + minus);
  CELLS sine = 0.5 * (minus + ratio), cosine = 0.5 * (minus * ratio);
  sine = PK_NAME(either)(x < 0, -sine, sine);
  CELLS z = curve->scale * sine + curve->rate * cosine;
  CELLS slope = PK_NAME(at_least)(1 + (cosine + curve->limit * sine), 0);
  PK_NAME(logarithm_parts) l = PK_NAME(logarithm)(z * z / curve->weight);
  CELLS logarithm = (l.k * 0x1.62e42fefa39efp-1 + l.f) + l.rest;
  return slope * PK_NAME(exponential)(-0.5 * (curve->weight + 1) * logarithm);
}

/* The sum of the nodes of a panel, in one order. */
PK_INLINE double PK_NAME(add_nodes)(NODES x) {
  double sum[8];
  for (int i = 0; i < 8; i++) sum[i] = x[i] + x[i + 8];
  return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}

static void PK_NAME(curve_at)(const pk_curve *curve, int64_t panels, double *values) {
  for (int64_t cell = 0; cell < 16 * panels; cell += PK_CELLS)
    *(CELLS *)(values + cell) = PK_NAME(curve)(curve, *(const CELLS *)(values + cell));
}

static double PK_NAME(curve_fill)(const pk_curve *curve, const pk_panel *rule, const double *edges,
                                  int64_t panels, double before, double *density, double *below) {
  const NODES *nodes = (const NODES *)rule->nodes, *weights = (const NODES *)rule->weights;
  NODES *values = (NODES *)density, *sums = (NODES *)below;
  for (int64_t panel = 0; panel < panels; panel++) {
    double half = (edges[panel + 1] - edges[panel]) / 2;
    values[panel] = edges[panel] + half - curve->peak + half * *nodes;
  }
  if (panels & 1) values[panels] = (NODES){0};
  PK_NAME(curve_at)(curve, panels, density);
  double total = before;
  for (int64_t panel = 0; panel < panels; panel++) {
    double half = (edges[panel + 1] - edges[panel]) / 2;
    NODES even = {0}, odd = {0};
    const NODES *integrals = (const NODES *)rule->integrals;
    for (int other = 0; other < 16; other += 2, integrals += 2) {
      even += integrals[0] * density[16 * panel + other];
      odd += integrals[1] * density[16 * panel + other + 1];
    }
    sums[panel] = total + half * (even + odd);
    total += half * PK_NAME(add_nodes)(*weights * values[panel]);
  }
  double factor = 1 / total;
  for (int64_t panel = 0; panel < panels; panel++) {
    values[panel] *= factor;
    for (int node = 0; node < 16; node++) {
      double share = below[16 * panel + node] * factor;
      share = share > 0 ? share : 0;
      below[16 * panel + node] = share < 1 ? share : 1;
    }
  }
  return total;
}

static void PK_NAME(curve_places)(const pk_panel *rule, const double *edges, int64_t panels,
                                  const pk_span *spans, int64_t count, double *room,
                                  double *best, double *second) {
  NODES *bests = (NODES *)room, *seconds = bests + count;
  NODES *nones = seconds + count, *ones = nones + count;
  for (int64_t sum = 0; sum < 2 * count; sum++) bests[sum] = (NODES){0};
  for (int64_t panel = 0; panel < panels; panel++) {
    int64_t waiting = 0;
    for (int64_t place = 0; place < count; place++) waiting += panel < spans[place].first;
    /* Below two that have not begun nobody is best or second. */
    if (waiting > 1) continue;
    NODES share = (edges[panel + 1] - edges[panel]) / 2 * *(const NODES *)rule->weights;
    /* The probabilities that none and that one of the arms so far is above. */
    NODES none = (1 - (double)waiting) - (NODES){0}, one = (double)waiting - (NODES){0};
    for (int64_t place = 0; place < count; place++) {
      const pk_span *span = spans + place;
      if (panel < span->first || panel > span->last) continue;
      NODES f = ((const NODES *)span->below)[panel - span->first];
      nones[place] = none;
      ones[place] = one;
      one = one * f + none * (1 - f);
      none *= f;
    }
    none = 1 - (NODES){0};
    one = (NODES){0};
    for (int64_t place = count - 1; place >= 0; place--) {
      const pk_span *span = spans + place;
      if (panel < span->first || panel > span->last) continue;
      NODES f = ((const NODES *)span->below)[panel - span->first];
      NODES here = share * ((const NODES *)span->density)[panel - span->first];
      bests[place] += here * (nones[place] * none);
      seconds[place] += here * (ones[place] * none + nones[place] * one);
      one = one * f + none * (1 - f);
      none *= f;
    }
  }
  for (int64_t place = 0; place < count; place++) {
    best[place] = PK_NAME(add_nodes)(bests[place]);
    second[place] = PK_NAME(add_nodes)(seconds[place]);
  }
}

const pk_posterior_set PK_NAME(posterior_set) = {PK_SET, PK_NAME(curve_at), PK_NAME(curve_fill),
                                                 PK_NAME(curve_places)};
#pragma clang diagnostic pop
#undef CELLS
#undef BITS
#undef NODES
#undef PK_INLINE
