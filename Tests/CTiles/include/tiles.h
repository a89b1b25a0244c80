/* The products by tiles of CKernels with tiles in memory, as the Intel SDM describes them: they run
   on machines without AMX. For tests alone. */
#ifndef PLAUDIT_TILES_H
#define PLAUDIT_TILES_H

#include "narrow.h"

const pk_narrow_set *_Nonnull pk_emulated_tiles(int32_t format);

#endif
