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

/* Queries that are taken together, so that a key's gradient is read and written once for all of them. */
enum { QUERIES = 16 };

size_t kernel_attention_backward_scratch(int rows, int head_size) {
    size_t count = padded(rows, BLOCK);
    return 2 * count * head_size + 2 * QUERIES * count;
}

/* blocks[rows/32][Dh][32] of rows x[rows, Dh]; the surplus of the last block is zero. */
INLINE void transpose_blocks(float *blocks, const float *x, int ld, int rows, int n) {
    for (int j = 0; j < padded(rows, BLOCK); j++)
        for (int d = 0; d < n; d++)
            blocks[((size_t)(j / BLOCK) * n + d) * BLOCK + j % BLOCK] = j < rows ? x[(size_t)j * ld + d] : 0;
}

/* y[n] += Σ factors[i · stride] · x[i], i ascending over `count` rows of x. */
INLINE void add_weighted(float *y, const float *x, int ldx, const float *factors, int stride, int count, int n) {
    int d = 0;
    lanes v;
    for (; d + 2 * LANES <= n; d += 2 * LANES) {
        lanes a, b;
        lanes_load(&a, y + d);
        lanes_load(&b, y + d + LANES);
        for (int i = 0; i < count; i++) {
            float factor = factors[(size_t)i * stride];
            lanes_load(&v, x + (size_t)i * ldx + d);
            a += v * factor;
            lanes_load(&v, x + (size_t)i * ldx + d + LANES);
            b += v * factor;
        }
        lanes_store(y + d, &a);
        lanes_store(y + d + LANES, &b);
    }
    for (; d + LANES <= n; d += LANES) {
        lanes a;
        lanes_load(&a, y + d);
        for (int i = 0; i < count; i++) {
            lanes_load(&v, x + (size_t)i * ldx + d);
            a += v * factors[(size_t)i * stride];
        }
        lanes_store(y + d, &a);
    }
    for (; d < n; d++)
        for (int i = 0; i < count; i++) y[d] += factors[(size_t)i * stride] * x[(size_t)i * ldx + d];
}

/* p and ds of one row and query head over its positions, zeros up to a whole block. */
INLINE void row_weights(const struct backward *c, size_t row, int count, int head, const float *keys,
                        const float *values, float *p, float *ds) {
    int n = c->head_size;
    const float *q = c->q + row * c->ldq + (size_t)head * n;
    const float *d_out = c->d_out + row * c->ldout + (size_t)head * n;
    const float *out = c->out + row * c->ldout + (size_t)head * n;
    float delta = 0, log_sum = c->log_sum_exp[row * c->heads + head];
    for (int d = 0; d < n; d++) delta += d_out[d] * out[d];
    for (int j = 0; j < count; j += BLOCK) {
        score_block(p + j, p + j, q, q, keys + (size_t)j * n, c->scale, n, 0);
        score_block(ds + j, ds + j, d_out, d_out, values + (size_t)j * n, 1, n, 0);
    }
    for (int j = count; j < padded(count, BLOCK); j++) p[j] = -INFINITY;
    for (int j = 0; j < count; j += LANES) {
        lanes a, b;
        lanes_load(&a, p + j);
        lanes_load(&b, ds + j);
        a = a - log_sum;
        lanes_exp(&a);
        b = a * (b - delta) * c->scale;
        lanes_store(p + j, &a);
        lanes_store(ds + j, &b);
    }
}

/* One sequence and one key head with the query heads that read it: p_j = exp(score_j - logsumexp), dp_j = d_out · v_j,
   ds_j = p_j · (dp_j - d_out · out) · scale; dq += ds_j k_j, dk_j += ds_j q, dv_j += p_j d_out. */
INLINE void backward_head(const struct backward *c, int task) {
    const kernel_sequence *sequence = c->sequences + task / c->key_heads;
    int key_head = task % c->key_heads, group = c->heads / c->key_heads, n = c->head_size;
    int rows = sequence->row_count, stride = padded(rows, BLOCK);
    size_t first = sequence->first_row, before = 0, key_skip = (size_t)key_head * n;
    for (const kernel_sequence *s = c->sequences; s < sequence; s++)
        before += c->key_heads * kernel_attention_backward_scratch(s->row_count, n);
    float *keys = c->scratch + before + key_head * kernel_attention_backward_scratch(rows, n);
    float *values = keys + (size_t)stride * n;
    float *p = values + (size_t)stride * n, *ds = p + (size_t)QUERIES * stride;
    const float *k = c->k + first * c->ldk + key_skip, *v = c->v + first * c->ldv + key_skip;
    transpose_blocks(keys, k, c->ldk, rows, n);
    transpose_blocks(values, v, c->ldv, rows, n);
    for (int start = 0; start < rows; start += QUERIES) {
        int count = smaller(QUERIES, rows - start);
        for (int head = key_head * group; head < (key_head + 1) * group; head++) {
            size_t skip = (size_t)head * n, row = first + start;
            for (int i = 0; i < count; i++) {
                row_weights(c, row + i, start + i + 1, head, keys, values, p + (size_t)i * stride,
                            ds + (size_t)i * stride);
                add_weighted(c->dq + (row + i) * c->ld_dq + skip, k, c->ldk, ds + (size_t)i * stride, 1,
                             start + i + 1, n);
            }
            for (int j = 0; j < start + count; j++) {
                /* Earlier queries of these do not see it. */
                int seen = j > start ? j - start : 0;
                size_t at = (size_t)seen * stride + j;
                add_weighted(c->dk + (first + j) * c->ld_dk + key_skip, c->q + (row + seen) * c->ldq + skip, c->ldq,
                             ds + at, stride, count - seen, n);
                add_weighted(c->dv + (first + j) * c->ld_dv + key_skip, c->d_out + (row + seen) * c->ldout + skip,
                             c->ldout, p + at, stride, count - seen, n);
            }
        }
    }
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
