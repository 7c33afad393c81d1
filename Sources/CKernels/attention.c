#include "include/attention.h"
#include <math.h>
#include "simd.h"

enum { BLOCK = KERNEL_KEY_BLOCK };

INLINE int padded(int n, int to) { return (n + to - 1) / to * to; }

size_t kernel_key_size(int capacity, int head_size) { return (size_t)padded(capacity, BLOCK) * head_size; }

size_t kernel_value_size(int capacity, int head_size) {
    return (size_t)padded(capacity, BLOCK) * padded(head_size, LANES);
}

struct store {
    const kernel_segment *segments;
    const kernel_store *stores;
    const float *k, *v;
    int ldk, ldv, heads, head_size;
};

INLINE void store_head(const struct store *c, int task) {
    const kernel_store *job = c->stores + task / c->heads;
    const kernel_segment *segment = c->segments + job->segment;
    int head = task % c->heads, n = c->head_size, row_size = padded(n, LANES);
    float *keys = segment->keys + head * kernel_key_size(segment->capacity, n);
    float *values = segment->values + head * kernel_value_size(segment->capacity, n);
    for (int r = 0; r < job->row_count; r++) {
        int position = job->first_offset + r;
        const float *k = c->k + (size_t)(job->first_row + r) * c->ldk + (size_t)head * n;
        const float *v = c->v + (size_t)(job->first_row + r) * c->ldv + (size_t)head * n;
        float *key = keys + (size_t)(position / BLOCK) * BLOCK * n + position % BLOCK;
        float *value = values + (size_t)position * row_size;
        for (int d = 0; d < n; d++) key[(size_t)d * BLOCK] = k[d];
        memcpy(value, v, 4 * (size_t)n);
        for (int d = n; d < row_size; d++) value[d] = 0;
    }
}
KERNEL_TASK(store_head)

void kernel_store_keys(kernel_pool *pool, const kernel_segment *segments, const kernel_store *stores, int store_count,
                       const float *k, int ldk, const float *v, int ldv, int heads, int head_size) {
    struct store c = {segments, stores, k, v, ldk, ldv, heads, head_size};
    kernel_pool_run(pool, KERNEL_PICK(store_head), &c, store_count * heads);
}

/* s[32] = scale · q · keys of one block, for one query or two. */
INLINE void score_block(float *s0, float *s1, const float *q0, const float *q1, const float *keys, float scale, int n,
                        int two) {
    lanes a0 = {0}, a1 = {0}, b0 = {0}, b1 = {0};
    for (int d = 0; d < n; d++) {
        lanes k0, k1;
        lanes_load(&k0, keys + (size_t)d * BLOCK);
        lanes_load(&k1, keys + (size_t)d * BLOCK + LANES);
        a0 += k0 * q0[d];
        a1 += k1 * q0[d];
        if (two) {
            b0 += k0 * q1[d];
            b1 += k1 * q1[d];
        }
    }
    a0 *= scale;
    a1 *= scale;
    lanes_store(s0, &a0);
    lanes_store(s0 + LANES, &a1);
    if (two) {
        b0 *= scale;
        b1 *= scale;
        lanes_store(s1, &b0);
        lanes_store(s1 + LANES, &b1);
    }
}

/* s = exp(s - max) for `count` scores, zeros up to a whole block of lanes; returns their sum and the maximum. */
INLINE float exponentials(float *s, int count, float *maximum) {
    int whole = padded(count, LANES);
    for (int i = count; i < whole; i++) s[i] = -INFINITY;
    lanes top, v, sum = {0};
    lanes_load(&top, s);
    for (int i = LANES; i < whole; i += LANES) {
        lanes_load(&v, s + i);
        lanes_max(&top, &v);
    }
    float largest = top[0];
    for (int i = 1; i < LANES; i++) largest = top[i] > largest ? top[i] : largest;
    for (int i = 0; i < whole; i += LANES) {
        lanes_load(&v, s + i);
        v = v - largest;
        lanes_exp(&v);
        sum += v;
        lanes_store(s + i, &v);
    }
    *maximum = largest;
    return lanes_sum(&sum);
}

struct forward {
    float *out, *log_sum_exp;
    const float *q;
    const kernel_sequence *sequences;
    const int32_t *sequence_of_row;
    const kernel_segment *segments;
    int ldout, ldq, t, heads, key_heads, head_size, tasks;
    float scale, *scratch;
    size_t stride;
};

/* out[width] = Σ weight · value over `count` positions from column d on, width 16 or 32, for one query or two. */
INLINE void weigh_values(lanes *sums, const struct forward *c, const kernel_sequence *sequence, int key_head,
                         const float *s0, const float *s1, int count, int d, int wide, int two) {
    int row_size = padded(c->head_size, LANES), done = 0;
    lanes a0 = {0}, a1 = {0}, b0 = {0}, b1 = {0};
    const kernel_segment *segment = c->segments + sequence->first_segment;
    for (int i = 0; i < sequence->segment_count && done < count; i++, segment++) {
        int here = smaller(segment->count, count - done);
        const float *values =
            segment->values + key_head * kernel_value_size(segment->capacity, c->head_size) + d;
        for (int j = 0; j < here; j++, values += row_size) {
            lanes v0, v1;
            float w0 = s0[done + j], w1 = two ? s1[done + j] : 0;
            lanes_load(&v0, values);
            a0 += v0 * w0;
            if (two) b0 += v0 * w1;
            if (wide) {
                lanes_load(&v1, values + LANES);
                a1 += v1 * w0;
                if (two) b1 += v1 * w1;
            }
        }
        done += here;
    }
    sums[0] = a0;
    sums[1] = a1;
    sums[2] = b0;
    sums[3] = b1;
}

INLINE void write_values(float *out, lanes *sums, float factor, int count) {
    for (int i = 0; i * LANES < count; i++) {
        sums[i] *= factor;
        if (count - i * LANES >= LANES)
            lanes_store(out + i * LANES, sums + i);
        else
            lanes_store_part(out + i * LANES, sums + i, count - i * LANES);
    }
}

/* One row, one query head or the two that follow one another, which share their key head. */
INLINE void attend(const struct forward *c, int row, int head, float *scratch, int two) {
    const kernel_sequence *sequence = c->sequences + c->sequence_of_row[row];
    int n = c->head_size, key_head = head / (c->heads / c->key_heads);
    int count = sequence->first_position + (row - sequence->first_row) + 1, done = 0;
    const float *q0 = c->q + (size_t)row * c->ldq + (size_t)head * n, *q1 = q0 + n;
    float *s0 = scratch, *s1 = scratch + c->stride / 2;
    const kernel_segment *segment = c->segments + sequence->first_segment;
    for (int i = 0; i < sequence->segment_count && done < count; i++, segment++) {
        int here = smaller(segment->count, count - done);
        const float *keys = segment->keys + key_head * kernel_key_size(segment->capacity, n);
        /* A block's surplus is overwritten by the next segment or dropped below. */
        for (int j = 0; j < here; j += BLOCK)
            score_block(s0 + done + j, s1 + done + j, q0, q1, keys + (size_t)j * n, c->scale, n, two);
        done += here;
    }
    float maximum, sum = exponentials(s0, count, &maximum), factor0 = 1 / sum, factor1 = 0;
    if (c->log_sum_exp) c->log_sum_exp[(size_t)row * c->heads + head] = maximum + logf(sum);
    if (two) {
        sum = exponentials(s1, count, &maximum);
        factor1 = 1 / sum;
        if (c->log_sum_exp) c->log_sum_exp[(size_t)row * c->heads + head + 1] = maximum + logf(sum);
    }
    float *out = c->out + (size_t)row * c->ldout + (size_t)head * n;
    for (int d = 0; d < n; d += 2 * LANES) {
        lanes sums[4];
        if (n - d > LANES)
            weigh_values(sums, c, sequence, key_head, s0, s1, count, d, 1, two);
        else
            weigh_values(sums, c, sequence, key_head, s0, s1, count, d, 0, two);
        write_values(out + d, sums, factor0, smaller(2 * LANES, n - d));
        if (two) write_values(out + n + d, sums + 2, factor1, smaller(2 * LANES, n - d));
    }
}

/* Rows of one key head follow one another, so that its keys stay in the cache. */
INLINE void attend_rows(const struct forward *c, int task) {
    long items = (long)c->t * c->key_heads;
    int group = c->heads / c->key_heads;
    float *scratch = c->scratch + (size_t)task * c->stride;
    for (long i = items * task / c->tasks; i < items * (task + 1) / c->tasks; i++) {
        int row = (int)(i % c->t), head = (int)(i / c->t) * group, g = 0;
        for (; g + 2 <= group; g += 2) attend(c, row, head + g, scratch, 1);
        if (g < group) attend(c, row, head + g, scratch, 0);
    }
}
KERNEL_TASK(attend_rows)

static size_t forward_stride(int keys) { return 2 * ((size_t)padded(keys, BLOCK) + BLOCK); }

size_t kernel_attention_scratch(int tasks, int keys) { return tasks * forward_stride(keys); }

void kernel_attention(kernel_pool *pool, float *out, int ldout, float *log_sum_exp, const float *q, int ldq,
                      const kernel_sequence *sequences, const int32_t *sequence_of_row, const kernel_segment *segments,
                      int t, int heads, int key_heads, int head_size, float scale, float *scratch, int tasks) {
    int keys = 0;
    for (int r = 0; r < t; r++) {
        const kernel_sequence *s = sequences + sequence_of_row[r];
        int count = s->first_position + s->row_count;
        keys = count > keys ? count : keys;
    }
    struct forward c = {out, log_sum_exp, q,         sequences, sequence_of_row, segments, ldout,  ldq,
                        t,   heads,       key_heads, head_size, tasks,           scale,    scratch, forward_stride(keys)};
    kernel_pool_run(pool, KERNEL_PICK(attend_rows), &c, tasks);
}

struct backward {
    float *dq, *dk, *dv;
    const float *d_out, *out, *log_sum_exp, *q, *k, *v;
    const kernel_sequence *sequences;
    int ld_dq, ld_dk, ld_dv, ldout, ldq, ldk, ldv, heads, key_heads, head_size;
    float scale, *scratch;
};

size_t kernel_attention_backward_scratch(int rows, int head_size) {
    size_t count = padded(rows, BLOCK);
    return 2 * count * head_size + 2 * count;
}

/* blocks[rows/32][Dh][32] of rows x[rows, Dh]; the surplus of the last block is zero. */
INLINE void transpose_blocks(float *blocks, const float *x, int ld, int rows, int n) {
    for (int j = 0; j < padded(rows, BLOCK); j++)
        for (int d = 0; d < n; d++)
            blocks[((size_t)(j / BLOCK) * n + d) * BLOCK + j % BLOCK] = j < rows ? x[(size_t)j * ld + d] : 0;
}

/* y[n] += factor · x[n] */
INLINE void add_scaled(float *y, const float *x, float factor, int n) {
    int d = 0;
    for (; d + LANES <= n; d += LANES) {
        lanes a, b;
        lanes_load(&a, y + d);
        lanes_load(&b, x + d);
        a += b * factor;
        lanes_store(y + d, &a);
    }
    for (; d < n; d++) y[d] += factor * x[d];
}

/* Row i of a sequence and one query head: p_j = exp(score_j - logsumexp), dp_j = d_out · v_j,
   ds_j = p_j · (dp_j - d_out · out) · scale; dq += ds_j k_j, dk_j += ds_j q, dv_j += p_j d_out. */
INLINE void backward_row(const struct backward *c, size_t first, int i, int head, int key_head, const float *keys,
                         const float *values, float *p, float *dp) {
    int n = c->head_size, count = i + 1;
    size_t row = first + i, skip = (size_t)head * n, key_skip = (size_t)key_head * n;
    const float *q = c->q + row * c->ldq + skip;
    const float *d_out = c->d_out + row * c->ldout + skip, *out = c->out + row * c->ldout + skip;
    float delta = 0, log_sum = c->log_sum_exp[row * c->heads + head];
    for (int d = 0; d < n; d++) delta += d_out[d] * out[d];
    for (int j = 0; j < count; j += BLOCK) {
        score_block(p + j, p + j, q, q, keys + (size_t)j * n, c->scale, n, 0);
        score_block(dp + j, dp + j, d_out, d_out, values + (size_t)j * n, 1, n, 0);
    }
    for (int j = 0; j < count; j += LANES) {
        lanes a, b;
        lanes_load(&a, p + j);
        lanes_load(&b, dp + j);
        a = a - log_sum;
        lanes_exp(&a);
        b = a * (b - delta) * c->scale;
        lanes_store(p + j, &a);
        lanes_store(dp + j, &b);
    }
    float *dq = c->dq + row * c->ld_dq + skip;
    for (int j = 0; j < count; j++) {
        size_t other = first + j;
        add_scaled(dq, c->k + other * c->ldk + key_skip, dp[j], n);
        add_scaled(c->dk + other * c->ld_dk + key_skip, q, dp[j], n);
        add_scaled(c->dv + other * c->ld_dv + key_skip, d_out, p[j], n);
    }
}

INLINE void backward_head(const struct backward *c, int task) {
    const kernel_sequence *sequence = c->sequences + task / c->key_heads;
    int key_head = task % c->key_heads, group = c->heads / c->key_heads, n = c->head_size;
    int rows = sequence->row_count;
    size_t first = sequence->first_row, before = 0;
    for (const kernel_sequence *s = c->sequences; s < sequence; s++)
        before += c->key_heads * kernel_attention_backward_scratch(s->row_count, n);
    float *keys = c->scratch + before + key_head * kernel_attention_backward_scratch(rows, n);
    float *values = keys + (size_t)padded(rows, BLOCK) * n;
    float *p = values + (size_t)padded(rows, BLOCK) * n, *dp = p + padded(rows, BLOCK);
    transpose_blocks(keys, c->k + first * c->ldk + (size_t)key_head * n, c->ldk, rows, n);
    transpose_blocks(values, c->v + first * c->ldv + (size_t)key_head * n, c->ldv, rows, n);
    for (int i = 0; i < rows; i++)
        for (int g = 0; g < group; g++)
            backward_row(c, first, i, key_head * group + g, key_head, keys, values, p, dp);
}
KERNEL_TASK(backward_head)

void kernel_attention_backward(kernel_pool *pool, float *dq, int ld_dq, float *dk, int ld_dk, float *dv, int ld_dv,
                               const float *d_out, const float *out, int ldout, const float *log_sum_exp,
                               const float *q, int ldq, const float *k, int ldk, const float *v, int ldv,
                               const kernel_sequence *sequences, int sequence_count,
                               int heads, int key_heads, int head_size, float scale, float *scratch) {
    struct backward c = {dq,    dk,    dv,    d_out, out, log_sum_exp, q,   k,     v,         sequences,
                         ld_dq, ld_dk, ld_dv, ldout, ldq, ldk,         ldv, heads, key_heads, head_size, scale, scratch};
    kernel_pool_run(pool, KERNEL_PICK(backward_head), &c, sequence_count * key_heads);
}
