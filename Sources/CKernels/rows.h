/* The one source of the row kernels. Included by portable.c, avx2.c and avx512.c,
   which define PK_SET (the set's name), PK_NAME(x) and PK_MULADD(a, b, c) = a * b + c. */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "ckernels.h"

enum { LANES = 16 };

/* Adds the lanes pairwise, always in this order. */
static inline float sum_lanes(const float *lanes) {
  float eight[8], four[4];
  for (int i = 0; i < 8; i++) eight[i] = lanes[i] + lanes[i + 8];
  for (int i = 0; i < 4; i++) four[i] = eight[i] + eight[i + 4];
  return (four[0] + four[2]) + (four[1] + four[3]);
}

static float PK_NAME(dot)(const float *a, const float *b, int64_t n) {
  float lanes[LANES] = {0};
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (int l = 0; l < LANES; l++) lanes[l] = PK_MULADD(a[i + l], b[i + l], lanes[l]);
  for (int l = 0; i + l < n; l++) lanes[l] = PK_MULADD(a[i + l], b[i + l], lanes[l]);
  return sum_lanes(lanes);
}

/* exp(x) for x <= 88: 2^k by exponent bits, the rest by a degree-6 minimax polynomial on
   [-ln 2 / 2, ln 2 / 2] (relative error 2e-9 before rounding). Below -87 the result is 0. */
static inline float exponential(float x) {
  float clamped = x > -87.0f ? x : -87.0f; /* NaN becomes -87: it has no integer */
  float k = rintf(clamped * 1.44269504088896341f);
  float r = PK_MULADD(k, -0.693145751953125f, clamped); /* ln 2 in two parts */
  r = PK_MULADD(k, -1.42860682030941723e-6f, r);
  float p = 1.395605517e-3f;
  p = PK_MULADD(p, r, 8.375128604e-3f);
  p = PK_MULADD(p, r, 4.166608361e-2f);
  p = PK_MULADD(p, r, 1.666641548e-1f);
  p = PK_MULADD(p, r, 5.000000168e-1f);
  p = PK_MULADD(p, r, 1.000000038f);
  p = PK_MULADD(p, r, 1.0f);
  int32_t bits = ((int32_t)k + 127) << 23;
  float power;
  memcpy(&power, &bits, sizeof power);
  float result = p * power;
  result = x < -87.0f ? 0.0f : result;
  return x == x ? result : x;
}

/* erf(x): near 0 an odd polynomial; beyond, 1 - exp(-h(|x|)) with h fitted to -log(erfc).
   Both minimax fits: 1.7e-8 relative, 6e-9 absolute, before rounding. */
static inline float error_function(float x) {
  float t = fabsf(x);
  float s = x * x;
  float near = -5.976896246e-4f;
  near = PK_MULADD(near, s, 4.990980806e-3f);
  near = PK_MULADD(near, s, -2.676556744e-2f);
  near = PK_MULADD(near, s, 1.128180279e-1f);
  near = PK_MULADD(near, s, -3.761249432e-1f);
  near = PK_MULADD(near, s, 1.128379150f);
  near *= x;
  float u = t > 3.95f ? 3.95f : t;
  float h = -1.696986512e-6f;
  h = PK_MULADD(h, u, 4.713942401e-5f);
  h = PK_MULADD(h, u, -6.050755752e-4f);
  h = PK_MULADD(h, u, 4.794433992e-3f);
  h = PK_MULADD(h, u, -2.650922520e-2f);
  h = PK_MULADD(h, u, 1.102164335e-1f);
  h = PK_MULADD(h, u, 6.317004404e-1f);
  h = PK_MULADD(h, u, 1.130296094f);
  h = PK_MULADD(h, u, -3.330208151e-4f);
  float far = copysignf(1.0f - exponential(-h), x);
  return t < 0.93f ? near : far;
}

static void PK_NAME(accumulate)(float *sum, const float *row, int64_t n) {
  for (int64_t i = 0; i < n; i++) sum[i] += row[i];
}

static void PK_NAME(maximum)(float *maximum, const float *row, int64_t n) {
  for (int64_t i = 0; i < n; i++) /* a NaN on either side stays */
    maximum[i] = maximum[i] >= row[i] || maximum[i] != maximum[i] ? maximum[i] : row[i];
}

static void PK_NAME(scale)(float *row, float factor, int64_t n) {
  for (int64_t i = 0; i < n; i++) row[i] *= factor;
}

static double PK_NAME(dot_double)(const double *weights, const float *row, int64_t n) {
  double lanes[LANES] = {0};
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (int l = 0; l < LANES; l++) lanes[l] += weights[i + l] * (double)row[i + l];
  for (int l = 0; i + l < n; l++) lanes[l] += weights[i + l] * (double)row[i + l];
  for (int half = LANES / 2; half > 0; half /= 2)
    for (int l = 0; l < half; l++) lanes[l] += lanes[l + half];
  return lanes[0];
}

static void PK_NAME(accumulate_double)(double *gradient, double factor, const float *row,
                                       int64_t n) {
  for (int64_t i = 0; i < n; i++) gradient[i] += factor * (double)row[i];
}

const pk_kernel_set PK_NAME(set) __attribute__((visibility("hidden"))) = {
    .name = PK_SET,
    .dot = PK_NAME(dot),
    .accumulate = PK_NAME(accumulate),
    .maximum = PK_NAME(maximum),
    .scale = PK_NAME(scale),
    .dot_double = PK_NAME(dot_double),
    .accumulate_double = PK_NAME(accumulate_double),
};
