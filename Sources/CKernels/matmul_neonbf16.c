/* NEON with dot products of bf16: BFDOT. BFMMLA does twice as much, but its sums are squares of two rows and two
   columns, which is no tile of the template. Sums and weights take registers as in the neon tier. */
#if defined(__aarch64__)
#include <arm_neon.h>
#include <stddef.h>
#if defined(__linux__)
#include <sys/auxv.h>
#define AVAILABLE ((getauxval(AT_HWCAP2) & HWCAP2_BF16) != 0)
#elif defined(__APPLE__)
#include <sys/sysctl.h>
static int has_bf16(void) {
    int value = 0;
    size_t size = sizeof value;
    return sysctlbyname("hw.optional.arm.FEAT_BF16", &value, &size, NULL, 0) == 0 && value != 0;
}
#define AVAILABLE has_bf16()
#else
#define AVAILABLE 0
#endif
#define TIER neonbf16
#define TIER_NAME "neon-bf16"
#define TARGET __attribute__((target("bf16")))
#define LANES 4
#define TILE_ROWS 6
#define CACHE (192 << 10)
#define TILE_VECTORS 4
#define DOT(acc, b, a) ((floats)vbfdotq_f32((float32x4_t)(acc), (bfloat16x8_t)(b), (bfloat16x8_t)(a)))
#include "matmul_template.h"
#endif
