/* The row kernels for any machine. */
#define PK_SET "portable"
#define PK_NAME(x) portable_##x
#define PK_MULADD(a, b, c) ((a) * (b) + (c))
#include "rows.h"
