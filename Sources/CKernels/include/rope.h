/* Rotary position embedding. */
#ifndef CKERNELS_ROPE_H
#define CKERNELS_ROPE_H

#include <stdint.h>
#include "pool.h"

/* Rotates in place each head of x[T, G, Dh]: with a = x_i, b = x_{i + Dh/2}, angle of position and i,
   a' = a·cos - b·sin, b' = b·cos + a·sin. Rows are ldx floats apart. cosines and sines are [positions, Dh/2];
   row r has position positions[r]. */
void kernel_rope(kernel_pool *pool, float *x, int ldx, const float *cosines, const float *sines,
                 const int32_t *positions, int t, int heads, int head_size);

/* The gradient in place: the same rotation the other way round. */
void kernel_rope_backward(kernel_pool *pool, float *dx, int lddx, const float *cosines, const float *sines,
                          const int32_t *positions, int t, int heads, int head_size);

#endif
