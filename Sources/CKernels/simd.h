/* What the float kernels share: sixteen lanes at once, exp, and tasks compiled for wide vectors. */
#ifndef CKERNELS_SIMD_H
#define CKERNELS_SIMD_H

#include <stdint.h>
#include <string.h>
#include "include/pool.h"

#define INLINE static inline __attribute__((always_inline))

/* A task's body is an INLINE function (const struct *, int). KERNEL_TASK compiles it for the plain machine, for AVX2 with
   fused multiply-add and for AVX-512; KERNEL_PICK chooses at run time. All keep the same order of operations. */
#if defined(__x86_64__)
#define WIDE __attribute__((target("avx2,fma")))
#define WIDEST __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")))
#define KERNEL_TASK(name) \
    static void name##_plain(void *context, int i) { name(context, i); } \
    WIDE static void name##_wide(void *context, int i) { name(context, i); } \
    WIDEST static void name##_widest(void *context, int i) { name(context, i); }
#define KERNEL_PICK(name) (kernel_width() == 2 ? name##_widest : kernel_width() == 1 ? name##_wide : name##_plain)

/* 2 on a machine with AVX-512, 1 with AVX2 and fused multiply-add, else 0. */
static inline int kernel_width(void) {
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return 0;
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                   __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")
               ? 2
               : 1;
}
#else
#define KERNEL_TASK(name) \
    static void name##_plain(void *context, int i) { name(context, i); }
#define KERNEL_PICK(name) name##_plain
#endif

/* Vectors go through pointers, never by value: their calling convention depends on the machine. */
enum { LANES = 16 };
typedef float lanes __attribute__((vector_size(64), aligned(4)));
typedef int32_t int_lanes __attribute__((vector_size(64), aligned(4)));
typedef double double_lanes __attribute__((vector_size(64), aligned(8)));

INLINE void lanes_load(lanes *v, const float *x) { memcpy(v, x, sizeof *v); }
INLINE void lanes_store(float *x, const lanes *v) { memcpy(x, v, sizeof *v); }

/* The first `count` < 16 numbers, then `fill`. */
INLINE void lanes_load_part(lanes *v, const float *x, int count, float fill) {
    float a[LANES];
    for (int i = 0; i < LANES; i++) a[i] = i < count ? x[i] : fill;
    memcpy(v, a, sizeof *v);
}

INLINE void lanes_store_part(float *x, const lanes *v, int count) {
    float a[LANES];
    memcpy(a, v, sizeof *v);
    for (int i = 0; i < count; i++) x[i] = a[i];
}

/* Sum of the lanes, halving: always in this order. */
INLINE float lanes_sum(const lanes *v) {
    float a[LANES];
    memcpy(a, v, sizeof *v);
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++) a[i] += a[i + half];
    return a[0];
}

INLINE double lanes_sum_double(const lanes *v) {
    float a[LANES];
    double sum = 0;
    memcpy(a, v, sizeof *v);
    for (int i = 0; i < LANES; i++) sum += (double)a[i];
    return sum;
}

/* v = mask ? a : b, the mask all ones or all zeros in each lane. */
INLINE void lanes_select(lanes *v, const int_lanes *mask, const lanes *a, const lanes *b) {
    int_lanes x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    x = (x & *mask) | (y & ~*mask);
    memcpy(v, &x, sizeof *v);
}

INLINE void lanes_max(lanes *v, const lanes *a) {
    int_lanes larger = *a > *v;
    lanes_select(v, &larger, a, v);
}

/* v = exp(v), within 2 ulp for -87 <= v <= 88; 0 below, exp(88) above; NaN stays NaN.
   2^n · exp(r), r in ±ln(2)/2, with the polynomial of Cephes' expf. */
INLINE void lanes_exp(lanes *v) {
    const lanes low = (lanes){0} - 87.0f, high = (lanes){0} + 88.0f;
    int_lanes below = *v < low, above = *v > high;
    lanes x = *v;
    lanes_select(&x, &below, &low, &x);
    lanes_select(&x, &above, &high, &x);
    /* Adding 1.5·2^23 rounds to a whole number, which then stands in the low bits. */
    lanes shifted = x * 1.44269504088896341f + 12582912.0f;
    lanes n = shifted - 12582912.0f;
    lanes r = x - n * 0.693359375f;
    r = r - n * -2.12194440e-4f;
    lanes p = r * 1.9875691500e-4f + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    lanes square = r * r;
    p = p * square + r;
    p = p + 1.0f;
    int_lanes bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 127) << 23;
    lanes power;
    memcpy(&power, &bits, sizeof power);
    p = p * power;
    const lanes zero = {0};
    lanes_select(v, &below, &zero, &p);
}

INLINE int smaller(int a, int b) { return a < b ? a : b; }

/* Rows per task when a row touches `floats` numbers: enough work to be worth waking a thread. */
INLINE int rows_per_task(int floats) {
    int rows = 8192 / (floats > 0 ? floats : 1);
    return rows > 0 ? rows : 1;
}

INLINE int task_count(int rows, int per_task) { return (rows + per_task - 1) / per_task; }

#endif
