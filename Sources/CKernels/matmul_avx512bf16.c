/* AVX-512 with dot products of bf16. */
#if defined(__x86_64__)
#include <immintrin.h>
#define TIER avx512bf16
#define TIER_NAME "avx512bf16"
#define AVAILABLE                                                                                                      \
    (__builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512bw") &&                                     \
     __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
#define TARGET                                                                                                         \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma")))
#define LANES 16
#define TILE_ROWS 6
#define CACHE (512 << 10)
#define TILE_VECTORS 4
#define DOT(acc, b, a) ((floats)_mm512_dpbf16_ps((__m512)(acc), (__m512bh)(b), (__m512bh)(a)))
#include "matmul_template.h"
#endif
