/* Causal attention of grouped query heads over cached keys and values, forward and backward. */
#ifndef CKERNELS_ATTENTION_H
#define CKERNELS_ATTENTION_H

#include <stddef.h>
#include <stdint.h>
#include "pool.h"

/* Keys of one head are stored in blocks of this many positions, [capacity/32][Dh][32]; values as
   [capacity][Dh rounded up to 16]. Heads follow one another; capacity is a multiple of 32. */
enum { KERNEL_KEY_BLOCK = 32 };

/* Floats of `capacity` positions of one head's keys and values. */
size_t kernel_key_size(int capacity, int head_size);
size_t kernel_value_size(int capacity, int head_size);

/* One layer's keys and values of `count` positions that follow one another. */
typedef struct {
    float *keys, *values;
    int32_t capacity, count;
} kernel_segment;

/* Rows first_row ..< first_row + row_count of a packed batch are one sequence's positions
   first_position, first_position + 1 ...; its keys from position 0 are segments first_segment ..<
   first_segment + segment_count, one after the other. */
typedef struct {
    int32_t first_row, row_count, first_position, first_segment, segment_count;
} kernel_sequence;

/* Rows first_row ..< first_row + row_count go to positions first_offset ... of a segment. */
typedef struct {
    int32_t segment, first_offset, first_row, row_count;
} kernel_store;

/* Copies rows of k and v [T, Hkv, Dh], ldk and ldv floats apart, into segments. */
void kernel_store_keys(kernel_pool *pool, const kernel_segment *segments, const kernel_store *stores, int store_count,
                       const float *k, int ldk, const float *v, int ldv, int heads, int head_size);

/* Floats of scratch for `tasks` tasks that see at most `keys` positions. */
size_t kernel_attention_scratch(int tasks, int keys);

/* out[T, H, Dh] = softmax(scale · q · keysᵀ) · values for each row over its sequence's positions up to its own.
   log_sum_exp[T, H] of the scaled scores; may be NULL: not wanted. q [T, H, Dh]: rows ldq floats apart, of out ldout.
   Query head h reads key head h / (H / Hkv). sequence_of_row[T] indexes `sequences`.
   Scores are sums in the order of Dh, the weighted values in the order of positions, whatever the segments and the
   rows beside: the same bits for a token however it is batched, cached or cut.
   scratch: kernel_attention_scratch(tasks, the largest number of positions). */
void kernel_attention(kernel_pool *pool, float *out, int ldout, float *log_sum_exp, const float *q, int ldq,
                      const kernel_sequence *sequences, const int32_t *sequence_of_row, const kernel_segment *segments,
                      int t, int heads, int key_heads, int head_size, float scale, float *scratch, int tasks);

/* Floats of scratch for one sequence of `rows` rows and one key head. */
size_t kernel_attention_backward_scratch(int rows, int head_size);

/* dq, dk, dv += gradients, for sequences that begin at position 0 and are whole in the batch; k and v are rows
   [T, Hkv, Dh] here. Whatever is called ld… is the distance of rows in floats; d_out's is ldout. `out` and
   log_sum_exp are the forward's. scratch: for each sequence key_heads times kernel_attention_backward_scratch. The
   gradient of a key adds up in the order of queries. */
void kernel_attention_backward(kernel_pool *pool, float *dq, int ld_dq, float *dk, int ld_dk, float *dv, int ld_dv,
                               const float *d_out, const float *out, int ldout, const float *log_sum_exp,
                               const float *q, int ldq, const float *k, int ldk, const float *v, int ldv,
                               const kernel_sequence *sequences, int sequence_count,
                               int heads, int key_heads, int head_size, float scale, float *scratch);

#endif
