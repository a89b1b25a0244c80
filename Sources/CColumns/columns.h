/* The one source of the vector kernels: included with PC_NAME(x) for each instruction set. */

static pc_extent PC_NAME(extent)(const int64_t *values, int64_t count) {
  uint64_t bits = 0, signs = 0;
  for (int64_t i = 0; i < count; i++) {
    uint64_t value = (uint64_t)values[i];
    signs |= value;
    bits |= value ^ (uint64_t)(values[i] >> 63);
  }
  return (pc_extent){bits, (int32_t)(signs >> 63)};
}

static int32_t PC_NAME(split)(const double *values, int64_t count, pc_window window, int64_t *high,
                              int64_t *low, uint64_t *high_bits) {
  const double upper = window.upper_magic, lower = window.lower_magic, limit = window.limit;
  int64_t upper_bits, lower_bits;
  memcpy(&upper_bits, &upper, 8);
  memcpy(&lower_bits, &lower, 8);
  uint64_t outside = 0, negative = 0, bits = 0;
  for (int64_t i = 0; i < count; i++) {
    double value = values[i];
    double top = value + upper;
    double rest = value - (top - upper);
    double bottom = rest + lower;
    int64_t h, l;
    memcpy(&h, &top, 8);
    memcpy(&l, &bottom, 8);
    h -= upper_bits;
    l -= lower_bits;
    high[i] = h;
    low[i] = l;
    bits |= (uint64_t)(h ^ (h >> 63));
    outside |= (uint64_t)((__builtin_fabs(value) < limit) & (rest == bottom - lower)) ^ 1;
    negative |= (uint64_t)(value < 0);
  }
  *high_bits = bits;
  return (outside ? PC_SPLIT_OUTSIDE : 0) | (negative ? PC_SPLIT_NEGATIVE : 0);
}

static void PC_NAME(poisson)(const uint16_t *bits, int64_t count, uint8_t *counts) {
  /* The first 16 bits of the limits; those of 7 and more are all ones. */
  static const uint16_t limits[8] = {0x5E2D, 0xBC5A, 0xEB71, 0xFB23, 0xFF10, 0xFFD9, 0xFFFA, 0xFFFF};
  for (int64_t i = 0; i < count; i++) {
    uint16_t above = 0, at = 0;
    for (int j = 0; j < 8; j++) {
      above = (uint16_t)(above + (bits[i] > limits[j]));
      at = (uint16_t)(at | (bits[i] == limits[j]));
    }
    counts[i] = (uint8_t)(above | (uint16_t)-at);
  }
}

static double PC_NAME(weighted_sum)(const double *terms, const uint8_t *counts, int64_t count) {
  double lanes[16] = {0};
  int64_t i = 0;
  for (; i + 16 <= count; i += 16)
    for (int l = 0; l < 16; l++) lanes[l] += terms[i + l] * counts[i + l];
  for (int l = 0; i + l < count; l++) lanes[l] += terms[i + l] * counts[i + l];
  for (int half = 8; half > 0; half /= 2)
    for (int l = 0; l < half; l++) lanes[l] += lanes[l + half];
  return lanes[0];
}

static int64_t PC_NAME(sum_counts)(const uint8_t *counts, int64_t count) {
  uint32_t sum = 0;
  for (int64_t i = 0; i < count; i++) sum += counts[i];
  return sum;
}
