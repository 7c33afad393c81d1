/* The shapes and layouts of the avx512bf16 tier on any machine, for tests. */
#include <stdint.h>
typedef float dot_floats __attribute__((vector_size(64)));
typedef uint32_t dot_words __attribute__((vector_size(64)));
#pragma clang diagnostic ignored "-Wpsabi"

/* Numbers below the normal ones count as 0, as the instruction has it. */
static inline __attribute__((always_inline)) dot_words flushed(dot_words bits) {
    return bits & (dot_words)((bits & 0x7f800000) != 0);
}

/* VDPBF16PS (Intel SDM volume 2): the odd numbers' product is added first, then the even ones', each sum rounded to
   nearest even, subnormal inputs and outputs flushed to 0. A product of two bf16 is exact in float32 unless it leaves
   float32's range, so a fused addition and a separate one agree. Hardware may add in another order: results can differ
   from the real tier by one rounding per pair. */
static inline __attribute__((always_inline)) dot_floats dot(dot_floats sum, dot_words b, dot_words a) {
    sum = (dot_floats)flushed((dot_words)sum);
    sum += (dot_floats)flushed(b & 0xffff0000) * (dot_floats)flushed(a & 0xffff0000);
    sum = (dot_floats)flushed((dot_words)sum);
    sum += (dot_floats)flushed(b << 16) * (dot_floats)flushed(a << 16);
    return (dot_floats)flushed((dot_words)sum);
}

#define TIER emulated
#define TIER_NAME "emulated-bf16"
#define AVAILABLE 1
#define TARGET
#define LANES 16
#define TILE_ROWS 6
#define CACHE (512 << 10)
#define TILE_VECTORS 4
#define DOT(acc, b, a) dot(acc, b, a)
#include "matmul_template.h"
