/* Whatever the compiler's baseline has: SSE2 on x86-64, NEON on arm64. */
#define TIER portable
#define TIER_NAME "portable"
#define AVAILABLE 1
#define TARGET
#define LANES 4
#define TILE_ROWS 6
#define CACHE (192 << 10)
#if defined(__aarch64__)
#define TILE_VECTORS 4
#else
#define TILE_VECTORS 2
#endif
#include "matmul_template.h"
