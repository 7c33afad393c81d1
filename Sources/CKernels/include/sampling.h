/* Choosing tokens from logits, and what was likely. */
#ifndef CKERNELS_SAMPLING_H
#define CKERNELS_SAMPLING_H

#include <stdint.h>
#include "pool.h"

/* ids[T, K], logprobs[T, K]: each row's K largest of logits[T, V], largest first, the lower id first among equals, as
   logarithms of softmax; tail_log_mass[T] = logsumexp of the others - logsumexp of all (-inf when K = V).
   1 <= K <= smaller of V and KERNEL_TOP_LIMIT. */
void kernel_top_k(kernel_pool *pool, int32_t *ids, float *logprobs, float *tail_log_mass, const float *logits,
                  int t, int v, int k);

/* logprobs[T] = ln softmax(logits[T, V]) at targets[T]. */
void kernel_logprobs(kernel_pool *pool, double *logprobs, const float *logits, const int32_t *targets, int t, int v);

/* ids[T]: the token of logits[T, V] that `uniform`[T], in 0 ..< 1, falls on when tokens are laid out in order of id with
   lengths softmax(logits / temperature); for a temperature of 0 the largest, the lowest id among equals. */
void kernel_sample(kernel_pool *pool, int32_t *ids, const float *logits, const float *temperatures,
                   const double *uniform, int t, int v);

#endif
