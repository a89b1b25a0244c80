/* The tile products of CKernels, their instructions in plain C. */
#include "tiles.h"

#include <stddef.h>
#include <string.h>

#include "../../Sources/CKernels/narrow_common.h"

typedef uint8_t tile[16][64];
typedef float floats __attribute__((vector_size(16), aligned(4), may_alias));
typedef int32_t integers __attribute__((vector_size(16), aligned(4), may_alias));

static void tile_load(tile to, const uint8_t *from, int64_t stride) {
  for (int i = 0; i < 16; i++) memcpy(to[i], from + i * stride, 64);
}

static void tile_store(tile from, uint8_t *to, int64_t stride) {
  for (int i = 0; i < 16; i++) memcpy(to + i * stride, from[i], 64);
}

/* TDPBUSD */
static inline void dot_of_bytes(tile sums, tile rows, tile panel) {
  for (int m = 0; m < 16; m++)
    for (int n = 0; n < 16; n++) {
      int32_t sum;
      memcpy(&sum, sums[m] + 4 * n, 4);
      for (int k = 0; k < 64; k++)
        sum += (int32_t)rows[m][k] * (int8_t)panel[k / 4][4 * n + k % 4];
      memcpy(sums[m] + 4 * n, &sum, 4);
    }
}

static float half(const uint8_t *from) {
  uint16_t bits;
  memcpy(&bits, from, sizeof bits);
  return pk_narrow_float(bits);
}

/* TDPBF16PS: the even and the odd halves each one chain, then both and the sum. */
static inline void dot_of_halves(tile sums, tile rows, tile panel) {
  for (int m = 0; m < 16; m++)
    for (int n = 0; n < 16; n++) {
      float sum, even = 0, odd = 0;
      memcpy(&sum, sums[m] + 4 * n, 4);
      for (int k = 0; k < 16; k++) {
        even += half(rows[m] + 4 * k) * half(panel[k] + 4 * n);
        odd += half(rows[m] + 4 * k + 2) * half(panel[k] + 4 * n + 2);
      }
      sum += even + odd;
      memcpy(sums[m] + 4 * n, &sum, 4);
    }
}

static floats lesser(floats a, floats b) {
  integers is = a < b;
  return (floats)((is & (integers)a) | (~is & (integers)b));
}

static floats greater(floats a, floats b) {
  integers is = a > b;
  return (floats)((is & (integers)a) | (~is & (integers)b));
}

static void activate(int32_t kind, void *to, const void *from, const void *bias, int64_t rows,
                     int64_t n) {
  pk_tape_kernels(0)->activate(kind, to, from, bias, rows, n);
}

#define PK_LANES 4
#define PK_HAS_TILES
#define PK_FUSED(a, b, c) ((a) * (b) + (c))
#define PK_LESSER(a, b) lesser((a), (b))
#define PK_GREATER(a, b) greater((a), (b))
#define PK_ACTIVATE activate
#define PK_TILES_BEGIN \
  tile tiles[8];       \
  memset(tiles, 0xA5, sizeof tiles)
#define PK_TILES_END (void)tiles
#define TILE_ZERO(n) memset(tiles[n], 0, sizeof tiles[n])
#define TILE_LOAD(n, address, stride) tile_load(tiles[n], (address), (stride))
#define TILE_STORE(n, address, stride) tile_store(tiles[n], (address), (stride))

#define PK_IS_INT8 1
#define PK_NAME(x) bytes_##x
#define TILE_DOT(sums, rows, panel) dot_of_bytes(tiles[sums], tiles[rows], tiles[panel])
#include "../../Sources/CKernels/matrix_narrow.h"
#undef PK_IS_INT8
#undef PK_NAME
#undef TILE_DOT

#define PK_IS_INT8 0
#define PK_NAME(x) halves_##x
#define TILE_DOT(sums, rows, panel) dot_of_halves(tiles[sums], tiles[rows], tiles[panel])
#include "../../Sources/CKernels/matrix_narrow.h"

const pk_narrow_set *pk_emulated_tiles(int32_t format) {
  static const pk_narrow_set bytes = {"emulated", PK_INT8, bytes_multiply,
                                      bytes_narrow_part, bytes_panels_part};
  static const pk_narrow_set halves = {"emulated", PK_BF16, halves_multiply,
                                       halves_narrow_part, halves_panels_part};
  return format == PK_INT8 ? &bytes : &halves;
}
