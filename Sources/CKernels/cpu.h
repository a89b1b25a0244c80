/* What the CPU and the operating system offer, found by dispatch.c and amx.c. */
#ifndef PLAUDIT_CPU_H
#define PLAUDIT_CPU_H

enum {
  AVX2 = 1,
  AVX512 = 2,
  AVX512_VNNI = 4,
  AVX512_BF16 = 8,
  AMX_TILE = 16,
  AMX_INT8 = 32,
  AMX_BF16 = 64,
  AVX_VNNI = 128
};

int pk_features(void);
/* Whether the CPU is AMD's, whose AVX512_BF16 multiplies twice as much as floats; Intel's half. */
int pk_is_amd(void);
/* Asks the system for AMX registers, once more is harmless. */
int pk_amx_permitted(void);

#endif
