/* Vectors of a tier's products: part of matmul_template.h. */
#ifndef CKERNELS_MATMUL_VECTORS_H
#define CKERNELS_MATMUL_VECTORS_H

#include <stdint.h>
#include <string.h>

/* Vectors passed between functions that are all inlined here have no ABI to change. */
#pragma clang diagnostic ignored "-Wpsabi"

#define INLINE TARGET static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

typedef float floats __attribute__((vector_size(LANES * 4)));
typedef uint32_t words __attribute__((vector_size(LANES * 4)));
typedef uint32_t words8 __attribute__((vector_size(32)));
typedef uint64_t longs4 __attribute__((vector_size(32)));

enum { LINE = 16 / LANES }; /* vectors in a cache line */

/* Columns of a strip of an unpacked block. */
enum { STRIP = TILE_VECTORS * LANES > 16 ? TILE_VECTORS * LANES : 16 };

INLINE floats load(const void *from) {
    floats v;
    memcpy(&v, from, sizeof v);
    return v;
}

INLINE words8 load8(const void *from) {
    words8 v;
    memcpy(&v, from, sizeof v);
    return v;
}

INLINE void store8(void *to, words8 v) { memcpy(to, &v, sizeof v); }

typedef int8_t bytes __attribute__((vector_size(LANES)));

INLINE floats load_bytes(const int8_t *from) {
    bytes v;
    memcpy(&v, from, sizeof v);
    return __builtin_convertvector(v, floats);
}

INLINE int least(int a, int b) { return a < b ? a : b; }

INLINE int round_up(int a, int unit) { return (a + unit - 1) / unit * unit; }

/* The bits of 8 floats, rounded to bf16 (nearest, ties to even) in their upper halves; lower halves are to be ignored.
   A NaN stays one. */
INLINE words8 rounded(words8 bits) {
    words8 nan = (words8)((bits & 0x7fffffff) > 0x7f800000);
    return ((bits + 0x7fff + (bits >> 16 & 1)) & ~nan) | ((bits | 0x400000) & nan);
}

/* 16 floats, in order, as 8 pairs of bf16. */
INLINE words8 paired(words8 low, words8 high) {
    longs4 a = (longs4)rounded(low), b = (longs4)rounded(high);
    a = (a >> 16 & 0xffff) | (a >> 32 & 0xffff0000);
    b = (b >> 16 & 0xffff) | (b >> 32 & 0xffff0000);
    return __builtin_shufflevector((words8)a, (words8)b, 0, 2, 4, 6, 8, 10, 12, 14);
}

/* Swaps rows and columns. */
INLINE void transpose8(words8 m[8]) {
    words8 a[8], b[8];
    UNROLL for (int i = 0; i < 8; i += 2) {
        a[i] = __builtin_shufflevector(m[i], m[i + 1], 0, 8, 2, 10, 4, 12, 6, 14);
        a[i + 1] = __builtin_shufflevector(m[i], m[i + 1], 1, 9, 3, 11, 5, 13, 7, 15);
    }
    UNROLL for (int i = 0; i < 8; i += 4)
        UNROLL for (int j = 0; j < 2; j++) {
            b[i + j] = __builtin_shufflevector(a[i + j], a[i + j + 2], 0, 1, 8, 9, 4, 5, 12, 13);
            b[i + j + 2] = __builtin_shufflevector(a[i + j], a[i + j + 2], 2, 3, 10, 11, 6, 7, 14, 15);
        }
    UNROLL for (int j = 0; j < 4; j++) {
        m[j] = __builtin_shufflevector(b[j], b[j + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        m[j + 4] = __builtin_shufflevector(b[j], b[j + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    }
}

#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)
#define ENTRY(name) JOIN(TIER, name)

#endif
