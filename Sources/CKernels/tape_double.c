/* The tape kernels in double, to check gradients against differences. */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "ckernels.h"

enum { LANES = 16 };

#define PK_SET "double"
#define PK_NAME(x) double_##x
#define PK_MULADD(a, b, c) ((a) * (b) + (c))
#define PK_REAL double
#define PK_ROOT(x) sqrt(x)
#define PK_EXP(x) exp(x)
#define PK_ERF(x) erf(x)
#include "tape.h"
