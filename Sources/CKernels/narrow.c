/* Narrow weights, plain products of them, and which sets this CPU can run. */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "cpu.h"
#include "narrow_common.h"

int64_t pk_narrow_depth(int32_t format, int64_t inputs) {
  int64_t bytes = format == PK_INT8 ? inputs : 2 * inputs;
  return (bytes + PK_NARROW_DEPTH - 1) / PK_NARROW_DEPTH * PK_NARROW_DEPTH;
}

int64_t pk_narrow_size(int32_t format, int64_t inputs, int64_t outputs) {
  int64_t panels = (outputs + PK_NARROW_PANEL - 1) / PK_NARROW_PANEL;
  return panels * PK_NARROW_PANEL * pk_narrow_depth(format, inputs);
}

int64_t pk_narrow_scratch(int32_t format, int64_t inputs) {
  return PK_NARROW_ROWS * (pk_narrow_depth(format, inputs) + PK_NARROW_DEPTH + 2 * 4);
}

/* The value of a step of one output's weights: the largest is 127 steps. */
static float step_of(const float *row, int64_t n) {
  enum { LANES = 16 };
  float most[LANES] = {0}, largest = 0;
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (int lane = 0; lane < LANES; lane++) {
      float size = fabsf(row[i + lane]);
      most[lane] = size > most[lane] ? size : most[lane];
    }
  for (; i < n; i++) {
    float size = fabsf(row[i]);
    largest = size > largest ? size : largest;
  }
  for (int lane = 0; lane < LANES; lane++) largest = most[lane] > largest ? most[lane] : largest;
  float scale = largest / 127.0f;
  /* Below the normal numbers a scale would have too few bits. */
  return largest > 0 && scale < 0x1p-126f ? 0x1p-126f : scale;
}

/* A weight in steps, half to even. */
static inline int8_t byte_of(float weight, double steps) {
  double step = (double)weight * steps;
  step = step > 127 ? 127 : step < -127 ? -127 : step;
  /* Adding it rounds, into the lowest bits. */
  step += 0x1.8p52;
  uint64_t bits;
  memcpy(&bits, &step, sizeof bits);
  return (int8_t)(uint8_t)bits;
}

void pk_narrow_pack_part(int32_t format, const float *weights, int64_t inputs, int64_t outputs,
                         int64_t first, int64_t count, void *panels, float *scales, float *sums) {
  const int64_t bytes = pk_narrow_depth(format, inputs) * PK_NARROW_PANEL;
  const int64_t end = first + count < outputs ? first + count : outputs;
  uint8_t *const start = (uint8_t *)panels + first / PK_NARROW_PANEL * bytes;
  memset(start, 0, (size_t)((end - first + PK_NARROW_PANEL - 1) / PK_NARROW_PANEL * bytes));
  for (int64_t output = first; output < end; output++) {
    uint8_t *to = start + (output - first) / PK_NARROW_PANEL * bytes + output % PK_NARROW_PANEL * 4;
    const float *row = weights + (output - first) * inputs;
    if (format == PK_BF16) {
      for (int64_t k = 0; k < inputs; k++) {
        uint16_t half = pk_narrow_half(row[k]);
        memcpy(to + k / 2 * PK_NARROW_PANEL * 4 + k % 2 * 2, &half, sizeof half);
      }
      continue;
    }
    float scale = step_of(row, inputs);
    int64_t sum = 0;
    const double steps = scale > 0 ? 1.0 / (double)scale : 0;
    enum { SOME = 256 };
    int8_t some[SOME]; /* side by side first, so that rounding becomes vectors */
    for (int64_t k = 0; scale > 0 && k < inputs; k += SOME) {
      const int64_t here = inputs - k < SOME ? inputs - k : SOME;
      int32_t part = 0;
      for (int64_t i = 0; i < here; i++) some[i] = byte_of(row[k + i], steps);
      for (int64_t i = 0; i < here; i++) part += some[i];
      for (int64_t i = 0; i < here; i += 4)
        memcpy(to + (k + i) / 4 * PK_NARROW_PANEL * 4, some + i,
               (size_t)(here - i < 4 ? here - i : 4));
      sum += part;
    }
    if (scales) scales[output] = scale;
    if (sums) sums[output] = (float)((double)scale * (double)sum);
  }
}

void pk_narrow_pack(int32_t format, const float *weights, int64_t inputs, int64_t outputs,
                    void *panels, float *scales, float *sums) {
  const int64_t all = (outputs + PK_NARROW_PANEL - 1) / PK_NARROW_PANEL * PK_NARROW_PANEL;
  for (int64_t output = outputs; output < all; output++) {
    if (scales) scales[output] = 0;
    if (sums) sums[output] = 0;
  }
  pk_narrow_pack_part(format, weights, inputs, outputs, 0, outputs, panels, scales, sums);
}

/* An activation by its formula. */
static double value_of(int32_t function, double x) {
  switch (function) {
    case PK_GELU: return 0.5 * x * (1 + erf(x * 0.70710678118654752));
    case PK_GELU_TANH:
      return 0.5 * x * (1 + tanh(0.79788456080286536 * (x + 0.044715 * x * x * x)));
    case PK_RELU: return x < 0 ? 0 : x;
    case PK_SILU: return x / (1 + exp(-x));
    case PK_TANH: return tanh(x);
    case PK_SIGMOID: return 1 / (1 + exp(-x));
    default: return x;
  }
}

/* A row as the sets narrow it, then each result by itself, in double. */
void pk_narrow_plain(int32_t format, const pk_narrow_product *p) {
  const pk_narrow_weights *w = p->weights;
  const int64_t bytes = pk_narrow_depth(format, w->inputs) * PK_NARROW_PANEL;
  for (int64_t i = 0; i < p->rows; i++) {
    const float *row = p->a + i * p->a_stride;
    float low = w->inputs > 0 ? row[0] : 0, high = low, not_finite = 0;
    for (int64_t k = 0; k < w->inputs; k++) {
      low = row[k] < low ? row[k] : low;
      high = row[k] > high ? row[k] : high;
      not_finite += row[k] * 0.0f;
    }
    float range = high - low, steps = range < 1e-30f ? 0 : 255.0f / range;
    double scale = (double)((range < 1e-30f ? 0 : range * (1.0f / 255.0f)) + not_finite);
    for (int64_t output = 0; output < w->outputs; output++) {
      const uint8_t *from = (const uint8_t *)w->panels + output / PK_NARROW_PANEL * bytes +
                            output % PK_NARROW_PANEL * 4;
      double sum = 0;
      int64_t whole = 0;
      for (int64_t k = 0; k < w->inputs; k++) {
        if (format == PK_INT8) {
          int64_t step = (int64_t)rint((double)((row[k] - low) * steps));
          whole += step * (int8_t)from[k / 4 * PK_NARROW_PANEL * 4 + k % 4];
        } else {
          uint16_t half;
          memcpy(&half, from + k / 2 * PK_NARROW_PANEL * 4 + k % 2 * 2, sizeof half);
          sum += (double)pk_narrow_float(pk_narrow_half(row[k])) * (double)pk_narrow_float(half);
        }
      }
      if (format == PK_INT8)
        sum = (double)whole * ((double)w->scales[output] * scale) +
              (double)low * (double)w->sums[output];
      if (p->bias) sum += (double)p->bias[output];
      p->out[i * p->out_stride + output] = (float)value_of(p->function, sum);
    }
  }
}

/* Numbers between -1 and 1, and the next of a seed. */
static float next_number(uint32_t *seed) {
  *seed = *seed * 1664525u + 1013904223u;
  return (float)(int32_t)*seed * 0x1p-31f;
}

enum { CHECK_ROWS = 35, CHECK_INPUTS = 140, CHECK_OUTPUTS = 70 };
enum {
  CHECK_SCRATCH = PK_NARROW_ROWS * (2 * CHECK_INPUTS + 40 + PK_NARROW_DEPTH + 8),
  CHECK_PANELS = 96 * (2 * CHECK_INPUTS + 40)
};

typedef struct check_room {
  uint8_t scratch[CHECK_SCRATCH] __attribute__((aligned(64)));
  uint8_t panels[CHECK_PANELS] __attribute__((aligned(64)));
  float scales[96], sums[96], bias[96];
  float weights[CHECK_OUTPUTS * CHECK_INPUTS], rows[CHECK_ROWS * CHECK_INPUTS];
  float made[CHECK_ROWS * CHECK_OUTPUTS], plain[CHECK_ROWS * CHECK_OUTPUTS];
} check_room;

int64_t pk_narrow_check_size(void) { return sizeof(check_room); }

int32_t pk_narrow_check(const pk_narrow_set *set, void *memory) {
  static const int32_t shapes[][4] = {
      {1, 5, 3, PK_IDENTITY},    {8, 64, 32, PK_GELU},   {17, 63, 33, PK_IDENTITY},
      {35, 140, 70, PK_GELU},    {16, 65, 64, PK_RELU},  {33, 128, 31, PK_IDENTITY},
  };
  check_room *room = memory;
  uint32_t seed = 1;
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
    const int64_t rows = shapes[s][0], inputs = shapes[s][1], outputs = shapes[s][2];
    for (int64_t i = 0; i < rows * inputs; i++) room->rows[i] = 3 * next_number(&seed) + 0.5f;
    for (int64_t i = 0; i < outputs * inputs; i++) room->weights[i] = next_number(&seed);
    for (int64_t i = 0; i < outputs; i++) room->bias[i] = next_number(&seed);
    pk_narrow_pack(set->format, room->weights, inputs, outputs, room->panels, room->scales,
                   room->sums);
    pk_narrow_weights weights = {room->panels, room->scales, room->sums, inputs, outputs};
    pk_narrow_product p = {.a = room->rows,
                           .out = room->plain,
                           .bias = s % 2 ? room->bias : NULL,
                           .weights = &weights,
                           .scratch = room->scratch,
                           .a_stride = inputs,
                           .out_stride = outputs,
                           .rows = rows,
                           .function = shapes[s][3]};
    pk_narrow_plain(set->format, &p);
    p.out = room->made;
    memset(room->made, 0xFF, sizeof room->made); /* NaN */
    set->multiply(&p);
    /* Products are below 3.5 each; gelu is a polynomial. */
    const float allowed = 1e-6f * (float)inputs + (p.function == PK_GELU ? 8e-5f : 0);
    for (int64_t i = 0; i < rows * outputs; i++)
      if (!(fabsf(room->made[i] - room->plain[i]) <= allowed)) return 0;
  }
  return 1;
}

extern const pk_narrow_set portable_int8_set, portable_bf16_set;

const pk_narrow_set *pk_narrow_plainest(int32_t format) {
  return format == PK_INT8 ? &portable_int8_set : &portable_bf16_set;
}

#if defined(__x86_64__)
extern const pk_narrow_set avx2_int8_set, avx_vnni_set, avx512_vnni_set, avx512_bf16_set;
#if defined(__linux__)
extern const pk_narrow_set amx_int8_set, amx_bf16_set;
#endif

const pk_narrow_set *pk_narrow_kernels(int32_t format, int index) {
  const int found = pk_features();
  const pk_narrow_set *sets[6];
  int count = 0;
  sets[count++] = pk_narrow_plainest(format);
  if (format == PK_INT8) {
    if (found & AVX2) sets[count++] = &avx2_int8_set;
    if (found & AVX_VNNI) sets[count++] = &avx_vnni_set;
    if (found & AVX512_VNNI) sets[count++] = &avx512_vnni_set;
  } else if (found & AVX512_BF16) {
    sets[count++] = &avx512_bf16_set;
  }
#if defined(__linux__)
  const int wanted = AMX_TILE | (format == PK_INT8 ? AMX_INT8 | AVX512_VNNI : AMX_BF16 | AVX512);
  if (index >= count && (found & wanted) == wanted && pk_amx_permitted())
    sets[count++] = format == PK_INT8 ? &amx_int8_set : &amx_bf16_set;
#endif
  return index >= 0 && index < count ? sets[index] : NULL;
}

int32_t pk_narrow_is_fast(const pk_narrow_set *set) {
  if (set == &avx_vnni_set || set == &avx512_vnni_set) return 1;
  if (set == &avx512_bf16_set) return pk_is_amd();
#if defined(__linux__)
  return set == &amx_int8_set || set == &amx_bf16_set;
#else
  return 0;
#endif
}
#else
const pk_narrow_set *pk_narrow_kernels(int32_t format, int index) {
  return index == 0 ? pk_narrow_plainest(format) : NULL;
}

int32_t pk_narrow_is_fast(const pk_narrow_set *set) {
  (void)set;
  return 0;
}
#endif
