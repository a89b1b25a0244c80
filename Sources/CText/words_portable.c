/* The text kernels for any machine. */
#define PT_SET "portable"
#define PT_NAME(x) portable_##x
#include "words.h"
