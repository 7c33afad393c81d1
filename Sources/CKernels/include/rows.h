/* Small things done to rows: embedding, bias, scale, gathering. */
#ifndef CKERNELS_ROWS_H
#define CKERNELS_ROWS_H

#include <stdint.h>
#include "matmul.h"
#include "pool.h"

/* y[T, D] = table[ids], widened; table[V, D] is stored as `type` at any alignment. Every id is a row of the table. */
void kernel_embedding(kernel_pool *pool, float *y, const void *table, int type, const int32_t *ids, int t, int d);

/* d_table[ids] += dy[T, D], float32, in the order of rows. */
void kernel_embedding_backward(kernel_pool *pool, float *d_table, const float *dy, const int32_t *ids, int t, int d);

/* x[T, N] += bias[N]; rows ldx floats apart. */
void kernel_add_bias(kernel_pool *pool, float *x, int ldx, const float *bias, int t, int n);

/* d_bias[N] += Σ dy[T, N] in the order of rows. */
void kernel_add_bias_backward(kernel_pool *pool, float *d_bias, const float *dy, int lddy, int t, int n);

/* x[count] *= factor. */
void kernel_scale(kernel_pool *pool, float *x, float factor, size_t count);

/* y[T, D] = x[rows]: row i of y is row rows[i] of x. y must not overlap x. */
void kernel_gather(kernel_pool *pool, float *y, const float *x, const int32_t *rows, int t, int d);

/* dx[rows] += dy[T, D]; no row twice. */
void kernel_gather_backward(kernel_pool *pool, float *dx, const float *dy, const int32_t *rows, int t, int d);

#endif
