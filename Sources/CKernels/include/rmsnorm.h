/* Root mean square norm. */
#ifndef CKERNELS_RMSNORM_H
#define CKERNELS_RMSNORM_H

#include "pool.h"

/* y[T, G, N] = x · inverse_rms · weight[N],  inverse_rms[T, G] = 1/√(mean(x²) + epsilon), each group of N on its own.
   Rows of y are ldy floats apart, rows of x ldx; groups follow one another. inverse_rms may be NULL: not wanted.
   y may be x. */
void kernel_rmsnorm(kernel_pool *pool, float *y, int ldy, float *inverse_rms, const float *x, int ldx,
                    const float *weight, float epsilon, int t, int groups, int n);

/* dx += gradient of x, from dy and what the forward saved; d_weight[N] += Σ dy · x · inverse_rms in the order of rows.
   d_weight may be NULL: not wanted. dx must not overlap dy or x. */
void kernel_rmsnorm_backward(kernel_pool *pool, float *dx, int lddx, float *d_weight, const float *dy, int lddy,
                             const float *x, int ldx, const float *inverse_rms, const float *weight,
                             int t, int groups, int n);

#endif
