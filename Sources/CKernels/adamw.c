#include "include/adamw.h"
#include <math.h>
#include "simd.h"

enum { BLOCK = KERNEL_SUM_BLOCK };

struct adamw {
    float *w, *m, *v;
    const float *g;
    const kernel_adamw_step *step;
    double *partial;
    size_t count;
};

INLINE size_t block_end(size_t count, int block) {
    size_t end = ((size_t)block + 1) * BLOCK;
    return end < count ? end : count;
}

/* v = √v */
INLINE void lanes_root(lanes *v) {
#if __has_builtin(__builtin_elementwise_sqrt)
    *v = __builtin_elementwise_sqrt(*v);
#else
    for (int i = 0; i < LANES; i++) (*v)[i] = sqrtf((*v)[i]);
#endif
}

INLINE void step_lanes(lanes *w, lanes *m, lanes *v, const lanes *gradient, const kernel_adamw_step *s) {
    lanes g = *gradient * s->gradient_scale;
    *m = *m * s->beta1 + g * (1 - s->beta1);
    *v = *v * s->beta2 + g * g * (1 - s->beta2);
    lanes root = *v / s->correction2;
    lanes_root(&root);
    *w = *w * (1 - s->rate * s->decay) - *m * (s->rate / s->correction1) / (root + s->epsilon);
}

INLINE void step_block(const struct adamw *c, int block) {
    size_t i = (size_t)block * BLOCK, end = block_end(c->count, block);
    lanes w, m, v, g;
    for (; i + LANES <= end; i += LANES) {
        lanes_load(&w, c->w + i);
        lanes_load(&m, c->m + i);
        lanes_load(&v, c->v + i);
        lanes_load(&g, c->g + i);
        step_lanes(&w, &m, &v, &g, c->step);
        lanes_store(c->w + i, &w);
        lanes_store(c->m + i, &m);
        lanes_store(c->v + i, &v);
    }
    if (i < end) {
        int rest = (int)(end - i);
        lanes_load_part(&w, c->w + i, rest, 0);
        lanes_load_part(&m, c->m + i, rest, 0);
        lanes_load_part(&v, c->v + i, rest, 0);
        lanes_load_part(&g, c->g + i, rest, 0);
        step_lanes(&w, &m, &v, &g, c->step);
        lanes_store_part(c->w + i, &w, rest);
        lanes_store_part(c->m + i, &m, rest);
        lanes_store_part(c->v + i, &v, rest);
    }
}
KERNEL_TASK(step_block)

void kernel_adamw(kernel_pool *pool, float *w, float *m, float *v, const float *g, const kernel_adamw_step *step,
                  size_t count) {
    struct adamw c = {.w = w, .m = m, .v = v, .g = g, .step = step, .count = count};
    kernel_pool_run(pool, KERNEL_PICK(step_block), &c, (int)((count + BLOCK - 1) / BLOCK));
}

INLINE void square_block(const struct adamw *c, int block) {
    double sums[8] = {0};
    size_t i = (size_t)block * BLOCK, end = block_end(c->count, block);
    for (; i + 8 <= end; i += 8)
        for (int j = 0; j < 8; j++) sums[j] += (double)c->g[i + j] * (double)c->g[i + j];
    for (; i < end; i++) sums[0] += (double)c->g[i] * (double)c->g[i];
    double sum = 0;
    for (int j = 0; j < 8; j++) sum += sums[j];
    c->partial[block] = sum;
}
KERNEL_TASK(square_block)

void kernel_sum_squares(kernel_pool *pool, double *partial, const float *x, size_t count) {
    struct adamw c = {.g = x, .partial = partial, .count = count};
    kernel_pool_run(pool, KERNEL_PICK(square_block), &c, (int)((count + BLOCK - 1) / BLOCK));
}
