#include "include/rows.h"
#include "simd.h"

struct rows {
    float *y;
    const void *x;
    const int32_t *ids;
    float factor;
    int type, ld, t, n, per_task;
    size_t count;
};

INLINE void embed_rows(const struct rows *c, int task) {
    int end = smaller(c->t, (task + 1) * c->per_task);
    for (int r = task * c->per_task; r < end; r++) {
        float *y = c->y + (size_t)r * c->n;
        size_t start = (size_t)c->ids[r] * c->n;
        if (c->type == KERNEL_F32) {
            memcpy(y, (const char *)c->x + 4 * start, 4 * (size_t)c->n);
            continue;
        }
        const char *row = (const char *)c->x + 2 * start;
        for (int i = 0; i < c->n; i++) {
            uint16_t half;
            memcpy(&half, row + 2 * i, 2);
            if (c->type == KERNEL_BF16) {
                uint32_t bits = (uint32_t)half << 16;
                memcpy(y + i, &bits, 4);
            } else {
                /* Exponent and mantissa in place, the exponent's bias mended by an exact product. */
                uint32_t bits = (uint32_t)(half & 0x7fff) << 13;
                float magnitude;
                memcpy(&magnitude, &bits, 4);
                magnitude *= 0x1p112f;
                memcpy(&bits, &magnitude, 4);
                bits |= (half & 0x7c00) == 0x7c00 ? 0x7f800000u : 0;
                bits |= (uint32_t)(half & 0x8000) << 16;
                memcpy(y + i, &bits, 4);
            }
        }
    }
}
KERNEL_TASK(embed_rows)

void kernel_embedding(kernel_pool *pool, float *y, const void *table, int type, const int32_t *ids, int t, int d) {
    struct rows c = {.y = y, .x = table, .ids = ids, .type = type, .t = t, .n = d, .per_task = rows_per_task(d)};
    kernel_pool_run(pool, KERNEL_PICK(embed_rows), &c, task_count(t, c.per_task));
}

enum { COLUMNS = 64 };

/* One block of columns of every row, in order. */
INLINE void scatter_columns(const struct rows *c, int block) {
    int start = block * COLUMNS, end = smaller(c->n, start + COLUMNS);
    for (int r = 0; r < c->t; r++) {
        float *y = c->y + (size_t)c->ids[r] * c->n;
        const float *x = (const float *)c->x + (size_t)r * c->n;
        for (int i = start; i < end; i++) y[i] += x[i];
    }
}
KERNEL_TASK(scatter_columns)

void kernel_embedding_backward(kernel_pool *pool, float *d_table, const float *dy, const int32_t *ids, int t, int d) {
    struct rows c = {.y = d_table, .x = dy, .ids = ids, .t = t, .n = d};
    kernel_pool_run(pool, KERNEL_PICK(scatter_columns), &c, task_count(d, COLUMNS));
}

INLINE void bias_rows(const struct rows *c, int task) {
    int end = smaller(c->t, (task + 1) * c->per_task);
    const float *bias = c->x;
    for (int r = task * c->per_task; r < end; r++) {
        float *y = c->y + (size_t)r * c->ld;
        for (int i = 0; i < c->n; i++) y[i] += bias[i];
    }
}
KERNEL_TASK(bias_rows)

void kernel_add_bias(kernel_pool *pool, float *x, int ldx, const float *bias, int t, int n) {
    struct rows c = {.y = x, .x = bias, .ld = ldx, .t = t, .n = n, .per_task = rows_per_task(n)};
    kernel_pool_run(pool, KERNEL_PICK(bias_rows), &c, task_count(t, c.per_task));
}

INLINE void bias_columns(const struct rows *c, int block) {
    int start = block * COLUMNS, end = smaller(c->n, start + COLUMNS);
    for (int r = 0; r < c->t; r++) {
        const float *x = (const float *)c->x + (size_t)r * c->ld;
        for (int i = start; i < end; i++) c->y[i] += x[i];
    }
}
KERNEL_TASK(bias_columns)

void kernel_add_bias_backward(kernel_pool *pool, float *d_bias, const float *dy, int lddy, int t, int n) {
    struct rows c = {.y = d_bias, .x = dy, .ld = lddy, .t = t, .n = n};
    kernel_pool_run(pool, KERNEL_PICK(bias_columns), &c, task_count(n, COLUMNS));
}

enum { BLOCK = 16384 };

INLINE void scale_block(const struct rows *c, int block) {
    size_t end = ((size_t)block + 1) * BLOCK;
    if (end > c->count) end = c->count;
    for (size_t i = (size_t)block * BLOCK; i < end; i++) c->y[i] *= c->factor;
}
KERNEL_TASK(scale_block)

void kernel_scale(kernel_pool *pool, float *x, float factor, size_t count) {
    struct rows c = {.y = x, .factor = factor, .count = count};
    kernel_pool_run(pool, KERNEL_PICK(scale_block), &c, (int)((count + BLOCK - 1) / BLOCK));
}

INLINE void gather_rows(const struct rows *c, int task) {
    int end = smaller(c->t, (task + 1) * c->per_task);
    for (int r = task * c->per_task; r < end; r++)
        memcpy(c->y + (size_t)r * c->n, (const float *)c->x + (size_t)c->ids[r] * c->n, 4 * (size_t)c->n);
}
KERNEL_TASK(gather_rows)

void kernel_gather(kernel_pool *pool, float *y, const float *x, const int32_t *rows, int t, int d) {
    struct rows c = {.y = y, .x = x, .ids = rows, .t = t, .n = d, .per_task = rows_per_task(d)};
    kernel_pool_run(pool, KERNEL_PICK(gather_rows), &c, task_count(t, c.per_task));
}

void kernel_gather_backward(kernel_pool *pool, float *dx, const float *dy, const int32_t *rows, int t, int d) {
    kernel_embedding_backward(pool, dx, dy, rows, t, d);
}
