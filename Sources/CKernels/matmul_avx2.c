/* AVX2 and FMA. */
#if defined(__x86_64__)
#define TIER avx2
#define TIER_NAME "avx2"
#define AVAILABLE (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
#define TARGET __attribute__((target("avx2,fma")))
#define LANES 8
#define TILE_ROWS 6
#define CACHE (192 << 10)
#define TILE_VECTORS 2
#include "matmul_template.h"
#endif
