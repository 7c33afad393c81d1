/* Whatever the compiler's baseline has: SSE2 on x86-64, NEON on arm64, which has a tier of its own as well. */
#define TIER portable
#define TIER_NAME "portable"
#define AVAILABLE 1
#define TARGET
#define LANES 4
#define TILE_ROWS 6
#define CACHE (192 << 10)
#define TILE_VECTORS 2
#include "matmul_template.h"
