/* The optimizer's step over flat arrays. */
#ifndef CKERNELS_ADAMW_H
#define CKERNELS_ADAMW_H

#include <stddef.h>
#include "pool.h"

typedef struct {
    float rate, beta1, beta2, epsilon, decay;
    float correction1, correction2; /* 1 - beta^step */
    float gradient_scale;           /* each gradient is multiplied by it first: clipping */
} kernel_adamw_step;

/* w *= 1 - rate · decay;  m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g²;
   w -= rate · (m / correction1) / (√(v / correction2) + epsilon). Arrays of `count`, none overlapping another. */
void kernel_adamw(kernel_pool *pool, float *w, float *m, float *v, const float *g, const kernel_adamw_step *step,
                  size_t count);

/* Numbers in one partial sum of kernel_sum_squares. */
enum { KERNEL_SUM_BLOCK = 16384 };

/* partial[i] = Σ x² of block i, for every started block of KERNEL_SUM_BLOCK numbers, in double precision. */
void kernel_sum_squares(kernel_pool *pool, double *partial, const float *x, size_t count);

#endif
