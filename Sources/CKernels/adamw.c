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

INLINE void step_block(const struct adamw *c, int block) {
    kernel_adamw_step s = *c->step;
    float keep = 1 - s.rate * s.decay, root = 1 / sqrtf(s.correction2), rate = s.rate / s.correction1;
    for (size_t i = (size_t)block * BLOCK, end = block_end(c->count, block); i < end; i++) {
        float g = c->g[i] * s.gradient_scale;
        float m = s.beta1 * c->m[i] + (1 - s.beta1) * g, v = s.beta2 * c->v[i] + (1 - s.beta2) * g * g;
        c->m[i] = m;
        c->v[i] = v;
        c->w[i] = c->w[i] * keep - rate * m / (__builtin_sqrtf(v) * root + s.epsilon);
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
