/* Matrix products with weights packed once into panels, forward and backward. */
#ifndef CKERNELS_MATMUL_H
#define CKERNELS_MATMUL_H

#include <stddef.h>
#include <stdint.h>
#include "pool.h"

/* How numbers are stored. */
enum { KERNEL_F32 = 0, KERNEL_BF16 = 1, KERNEL_F16 = 2, KERNEL_I8 = 3 };

/* Bytes of a packed [N, K] matrix; packed is KERNEL_BF16 (panels [N/64][K/2][64][2]), KERNEL_F32 (panels
   [N/64][K][64]) or KERNEL_I8 (panels [N/64] of [K][64] and, as floats, a scale for each of the 64 rows); padded with
   zeros to whole panels and pairs. */
size_t kernel_packed_size(int packed_type, int n, int k);

/* packed = w[N, K], row-major, stored as w_type, at any alignment. BF16 from wider types rounds to nearest even; I8 is
   w / scale rounded to nearest, the scale a row's largest |w| / 127.
   `packed` is 64-byte aligned. */
void kernel_pack(kernel_pool *pool, void *packed, int packed_type, const void *w, int w_type, int n, int k);

/* row[K] = row i of the packed w, widened to float32. */
void kernel_unpack_row(float *row, const void *packed, int packed_type, int n, int k, int i);

/* y[T, N] = x[T, K] · w[N, K]ᵀ   (accumulate: y += ...). Rows of y are ldy floats apart, rows of x ldx.
   y may not overlap x. round_x != 0 allows x to be rounded to bf16 where the machine multiplies bf16 faster.
   A row of y depends on the same row of x alone: the same bits whatever T and the number of threads. */
void kernel_matmul(kernel_pool *pool, float *y, int ldy, const float *x, int ldx, const void *packed,
                   int packed_type, int round_x, int accumulate, int t, int n, int k);

/* dx[T, K] += dy[T, N] · w[N, K], from the same packed copy. Row by row the same bits, as above. */
void kernel_matmul_backward_x(kernel_pool *pool, float *dx, int lddx, const float *dy, int lddy, const void *packed,
                              int packed_type, int round_dy, int t, int n, int k);

/* dw[N, K] += dy[T, N]ᵀ · x[T, K], float32, row-major; each element adds its T products one after another in the
   order of t, so that a batch cut into several calls gives the same bits. */
void kernel_matmul_backward_w(kernel_pool *pool, float *dw, const float *dy, int lddy, const float *x, int ldx,
                              int t, int n, int k);

#endif
