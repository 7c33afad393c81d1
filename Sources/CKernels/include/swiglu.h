/* The gate of the feed-forward block. */
#ifndef CKERNELS_SWIGLU_H
#define CKERNELS_SWIGLU_H

#include "pool.h"

/* y[T, F] = silu(gate) · up,  gate_up[T, 2F] = gate beside up,  silu(g) = g / (1 + exp(-g)). */
void kernel_swiglu(kernel_pool *pool, float *y, const float *gate_up, int t, int f);

/* d_gate_up[T, 2F] += gradient of gate and up. */
void kernel_swiglu_backward(kernel_pool *pool, float *d_gate_up, const float *dy, const float *gate_up, int t, int f);

#endif
