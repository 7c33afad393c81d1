/* AVX-512 with float32 products alone. */
#if defined(__x86_64__)
#define TIER avx512
#define TIER_NAME "avx512"
#define AVAILABLE                                                                                                      \
    (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&                                      \
     __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma")))
#define LANES 16
#define TILE_ROWS 6
#define CACHE (512 << 10)
#define TILE_VECTORS 4
#include "matmul_template.h"
#endif
