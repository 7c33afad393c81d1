/* NEON with float32 products, on every arm64. A full tile takes 24 of the 32 registers for sums and 4 for weights. */
#if defined(__aarch64__)
#define TIER neon
#define TIER_NAME "neon"
#define AVAILABLE 1
#define TARGET
#define LANES 4
#define TILE_ROWS 6
#define CACHE (192 << 10)
#define TILE_VECTORS 4
#include "matmul_template.h"
#endif
