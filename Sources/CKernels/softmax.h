/* Sums of exponentials over a row, for the kernels that read logits. */
#ifndef CKERNELS_SOFTMAX_H
#define CKERNELS_SOFTMAX_H

#include <math.h>
#include "simd.h"

INLINE float row_max(const float *x, int n) {
    lanes top = (lanes){0} - INFINITY, v;
    int i = 0;
    for (; i + LANES <= n; i += LANES) {
        lanes_load(&v, x + i);
        lanes_max(&top, &v);
    }
    if (i < n) {
        lanes_load_part(&v, x + i, n - i, -INFINITY);
        lanes_max(&top, &v);
    }
    float largest = top[0];
    for (i = 1; i < LANES; i++) largest = top[i] > largest ? top[i] : largest;
    return largest;
}

enum { SUM_BLOCK = 256 };

/* Σ exp((x_i - max) · factor) over up to SUM_BLOCK numbers, in float lanes. */
INLINE double block_exp_sum(const float *x, int n, float max, float factor) {
    lanes sum = {0}, v;
    int i = 0;
    for (; i + LANES <= n; i += LANES) {
        lanes_load(&v, x + i);
        v = (v - max) * factor;
        lanes_exp(&v);
        sum += v;
    }
    if (i < n) {
        lanes_load_part(&v, x + i, n - i, -INFINITY);
        v = (v - max) * factor;
        lanes_exp(&v);
        sum += v;
    }
    return lanes_sum_double(&sum);
}

/* Σ exp((x_i - max) · factor), blocks added in double precision. */
INLINE double row_exp_sum(const float *x, int n, float max, float factor) {
    double sum = 0;
    for (int i = 0; i < n; i += SUM_BLOCK) sum += block_exp_sum(x + i, smaller(SUM_BLOCK, n - i), max, factor);
    return sum;
}

/* ln Σ exp(x); -inf when there is nothing above -inf. */
INLINE double row_log_sum_exp(const float *x, int n, float *max) {
    *max = row_max(x, n);
    return *max == -INFINITY ? -INFINITY : *max + log(row_exp_sum(x, n, *max, 1));
}

/* ln(exp(a) + exp(b)) */
INLINE double log_add(double a, double b) {
    double high = a > b ? a : b, low = a > b ? b : a;
    return low == -INFINITY ? high : high + log1p(exp(low - high));
}

/* The index of the largest, the lowest among equals. */
INLINE int row_argmax(const float *x, int n) {
    float max = row_max(x, n);
    for (int i = 0; i < n; i++)
        if (x[i] == max) return i;
    return 0;
}

#endif
