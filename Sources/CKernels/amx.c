/* Narrow products by the tiles of AMX (Intel SDM vol. 2, TDPBUSD, TDPBF16PS, LDTILECFG; Linux
   Documentation/arch/x86/xstate.rst). The system gives a process the registers when it asks; tiles
   are set up and released within a call, so that no thread carries their 8 KB about. */
#define _GNU_SOURCE
#include <stddef.h>
#include <stdint.h>

#include "cpu.h"

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <immintrin.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "narrow_common.h"

enum { GET_PERMISSION = 0x1022, ASK_PERMISSION = 0x1023, TILE_DATA = 18 };
/* Products of fewer rows leave tiles to VNNI. */
enum { FEW_ROWS = 8 };

/* Whether the CPU's tiles are those that are used here, 8 of 16 rows of 64 bytes, and the system
   lets this process have them. */
int pk_amx_permitted(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid_count(0x1D, 1, &a, &b, &c, &d)) return 0;
  if (a >> 16 < 1024 || (b & 0xFFFF) < 64 || b >> 16 < 8 || (c & 0xFFFF) < 16) return 0;
  if (syscall(SYS_arch_prctl, ASK_PERMISSION, TILE_DATA) != 0) return 0;
  unsigned long permitted = 0;
  if (syscall(SYS_arch_prctl, GET_PERMISSION, &permitted) != 0) return 0;
  return (permitted >> TILE_DATA & 1) != 0;
}

/* The memory of LDTILECFG for palette 1: all eight tiles whole. */
typedef struct __attribute__((aligned(64))) tile_shapes {
  uint8_t palette, start_row, reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
} tile_shapes;

static const tile_shapes whole_tiles = {
    .palette = 1,
    .row_bytes = {64, 64, 64, 64, 64, 64, 64, 64},
    .rows = {16, 16, 16, 16, 16, 16, 16, 16},
};

extern const pk_tape_set avx512_tape_set;
extern const pk_narrow_set avx512_vnni_set;

#define PK_LANES 16
#define PK_HAS_TILES
#define PK_FUSED(a, b, c) __builtin_elementwise_fma((a), (b), (c))
#define PK_LESSER(a, b) _mm512_min_ps((a), (b))
#define PK_GREATER(a, b) _mm512_max_ps((a), (b))
#define PK_ACTIVATE avx512_tape_set.activate
#define PK_TILES_BEGIN _tile_loadconfig(&whole_tiles)
#define PK_TILES_END _tile_release()
#define TILE_ZERO(tile) _tile_zero(tile)
#define TILE_LOAD(tile, address, stride) _tile_loadd(tile, (address), (size_t)(stride))
#define TILE_STORE(tile, address, stride) _tile_stored(tile, (address), (size_t)(stride))

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,amx-tile,amx-int8,amx-bf16"))), apply_to = function)
#define PK_IS_INT8 1
#define PK_NAME(x) amx_int8_##x
#define TILE_DOT(sums, rows, panel) _tile_dpbusd(sums, rows, panel)
#include "matrix_narrow.h"
#undef PK_IS_INT8
#undef PK_NAME
#undef TILE_DOT

#define PK_IS_INT8 0
#define PK_NAME(x) amx_bf16_##x
#define TILE_DOT(sums, rows, panel) _tile_dpbf16ps(sums, rows, panel)
#include "matrix_narrow.h"
#pragma clang attribute pop

/* Few rows fill no tile; sums of bytes are exact either way, so the choice does not show. */
static void few_or_many(const pk_narrow_product *p) {
  if (p->rows < FEW_ROWS)
    avx512_vnni_set.multiply(p);
  else
    amx_int8_multiply(p);
}

static void few_or_many_panels(const pk_narrow_product *p, int64_t first, int64_t count) {
  if (p->rows < FEW_ROWS)
    avx512_vnni_set.panels(p, first, count);
  else
    amx_int8_panels_part(p, first, count);
}

const pk_narrow_set amx_int8_set = {"amx_int8", PK_INT8, few_or_many, amx_int8_narrow_part,
                                    few_or_many_panels};
const pk_narrow_set amx_bf16_set = {"amx_bf16", PK_BF16, amx_bf16_multiply,
    amx_bf16_narrow_part, amx_bf16_panels_part};

#else
int pk_amx_permitted(void) { return 0; }
#endif
