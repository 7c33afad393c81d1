/* Elementary functions that a compiler can vectorise: no branches, no calls, no tables. Loops over them take the
   vectors of the function they stand in. */
#ifndef CKERNELS_VECTOR_MATH_H
#define CKERNELS_VECTOR_MATH_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* e to the x, at most 1.02 ulp off the true value (0.992 without fused multiplications; every x was tried). 0 below
   ln 2^-126, where the result would be subnormal; infinity above the largest float's logarithm; NaN for NaN.
   x = n ln 2 + r, |r| <= ln 2 / 2; e^r = 1 + r + r^2 p(r) with p of least greatest error (Remez: 3.1e-9). */
static inline __attribute__((always_inline)) float oven_expf(float x) {
    const float low = -0x1.5d589ep+6f, high = 0x1.62e42ep+6f;
    float within = x < low ? low : x > high ? high : x;
    /* Adding 1.5 * 2^23 leaves n, rounded to nearest, in the lowest bits. */
    float shifted = within * 0x1.715476p+0f + 0x1.8p+23f;
    float n = shifted - 0x1.8p+23f;
    float r = within - n * 0x1.62e4p-1f; /* ln 2 in 17 bits, so that n times it is exact */
    r = r - n * 0x1.7f7d1cp-20f;         /* and the rest */
    float p = 0x1.6a23cep-10f;
    p = p * r + 0x1.123a2p-7f;
    p = p * r + 0x1.5558f2p-5f;
    p = p * r + 0x1.555492p-3f;
    p = p * r + 0x1.fffffcp-2f;
    p = (p * r) * r + r + 1;
    uint32_t bits, exponent;
    memcpy(&bits, &p, 4);
    memcpy(&exponent, &shifted, 4);
    bits += exponent << 23;
    memcpy(&p, &bits, 4);
    p = x < low ? 0 : p;
    p = x > high ? INFINITY : p;
    return x != x ? x : p;
}

#endif
