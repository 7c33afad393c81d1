/* What the machine can do at best, to set kernels' speeds against. */
#ifndef CKERNELS_MEASURE_H
#define CKERNELS_MEASURE_H

#include <stddef.h>
#include "matmul.h"

/* Operations per second (a multiplication and an addition are 2) of all threads of the pool together on numbers in
   registers, in its tier: float32 for KERNEL_F32, dot products of bf16 for KERNEL_BF16 (0 where the tier has none).
   Takes about `seconds`. */
double kernel_measure_peak(kernel_pool *pool, int type, double seconds);

/* Bytes per second that all threads together read from `bytes` of memory, best of several passes; 0 when there is no
   room. Take several times the size of the last cache. */
double kernel_measure_read_bandwidth(kernel_pool *pool, size_t bytes);

#endif
