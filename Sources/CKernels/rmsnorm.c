#include "include/rmsnorm.h"
#include <math.h>
#include "simd.h"

struct forward {
    float *y, *inverse_rms;
    const float *x, *weight;
    float epsilon;
    int ldy, ldx, t, groups, n, per_task;
};

INLINE void norm_group(float *y, float *inverse, const float *x, const float *w, float epsilon, int n) {
    lanes sum = {0}, v, u;
    int i = 0;
    for (; i + LANES <= n; i += LANES) {
        lanes_load(&v, x + i);
        sum += v * v;
    }
    if (i < n) {
        lanes_load_part(&v, x + i, n - i, 0);
        sum += v * v;
    }
    float scale = 1 / sqrtf(lanes_sum(&sum) / (float)n + epsilon);
    for (i = 0; i + LANES <= n; i += LANES) {
        lanes_load(&v, x + i);
        lanes_load(&u, w + i);
        v = v * scale * u;
        lanes_store(y + i, &v);
    }
    for (; i < n; i++) y[i] = x[i] * scale * w[i];
    *inverse = scale;
}

INLINE void forward_rows(const struct forward *c, int task) {
    int end = smaller(c->t, (task + 1) * c->per_task);
    for (int r = task * c->per_task; r < end; r++)
        for (int g = 0; g < c->groups; g++) {
            float inverse;
            norm_group(c->y + (size_t)r * c->ldy + (size_t)g * c->n, &inverse,
                       c->x + (size_t)r * c->ldx + (size_t)g * c->n, c->weight, c->epsilon, c->n);
            if (c->inverse_rms) c->inverse_rms[(size_t)r * c->groups + g] = inverse;
        }
}
KERNEL_TASK(forward_rows)

void kernel_rmsnorm(kernel_pool *pool, float *y, int ldy, float *inverse_rms, const float *x, int ldx,
                    const float *weight, float epsilon, int t, int groups, int n) {
    struct forward c = {y, inverse_rms, x, weight, epsilon, ldy, ldx, t, groups, n, rows_per_task(groups * n)};
    kernel_pool_run(pool, KERNEL_PICK(forward_rows), &c, task_count(t, c.per_task));
}

struct backward {
    float *dx, *d_weight;
    const float *dy, *x, *inverse_rms, *weight;
    int lddx, lddy, ldx, t, groups, n, per_task;
};

/* dx_i += inverse · (w_i dy_i - x_i · inverse² · mean_j(w_j dy_j x_j)) */
INLINE void backward_group(float *dx, const float *dy, const float *x, const float *w, float inverse, int n) {
    lanes sum = {0}, a, b, u;
    int i = 0;
    for (; i + LANES <= n; i += LANES) {
        lanes_load(&a, dy + i);
        lanes_load(&b, x + i);
        lanes_load(&u, w + i);
        a = a * u;
        sum += a * b;
    }
    if (i < n) {
        lanes_load_part(&a, dy + i, n - i, 0);
        lanes_load_part(&b, x + i, n - i, 0);
        lanes_load_part(&u, w + i, n - i, 0);
        a = a * u;
        sum += a * b;
    }
    float slope = lanes_sum(&sum) / (float)n * inverse * inverse * inverse;
    for (i = 0; i + LANES <= n; i += LANES) {
        lanes d;
        lanes_load(&a, dy + i);
        lanes_load(&b, x + i);
        lanes_load(&u, w + i);
        lanes_load(&d, dx + i);
        d += a * u * inverse - b * slope;
        lanes_store(dx + i, &d);
    }
    for (; i < n; i++) dx[i] += dy[i] * w[i] * inverse - x[i] * slope;
}

INLINE void backward_rows(const struct backward *c, int task) {
    int end = smaller(c->t, (task + 1) * c->per_task);
    for (int r = task * c->per_task; r < end; r++)
        for (int g = 0; g < c->groups; g++) {
            size_t skip = (size_t)g * c->n;
            backward_group(c->dx + (size_t)r * c->lddx + skip, c->dy + (size_t)r * c->lddy + skip,
                           c->x + (size_t)r * c->ldx + skip, c->weight,
                           c->inverse_rms[(size_t)r * c->groups + g], c->n);
        }
}
KERNEL_TASK(backward_rows)

/* One block of columns, all rows in order. */
INLINE void backward_weight(const struct backward *c, int block) {
    int start = block * LANES, count = smaller(LANES, c->n - start);
    float sum[LANES];
    for (int i = 0; i < count; i++) sum[i] = c->d_weight[start + i];
    for (int r = 0; r < c->t; r++)
        for (int g = 0; g < c->groups; g++) {
            const float *dy = c->dy + (size_t)r * c->lddy + (size_t)g * c->n + start;
            const float *x = c->x + (size_t)r * c->ldx + (size_t)g * c->n + start;
            float inverse = c->inverse_rms[(size_t)r * c->groups + g];
            for (int i = 0; i < count; i++) sum[i] += dy[i] * x[i] * inverse;
        }
    for (int i = 0; i < count; i++) c->d_weight[start + i] = sum[i];
}
KERNEL_TASK(backward_weight)

void kernel_rmsnorm_backward(kernel_pool *pool, float *dx, int lddx, float *d_weight, const float *dy, int lddy,
                             const float *x, int ldx, const float *inverse_rms, const float *weight,
                             int t, int groups, int n) {
    struct backward c = {dx,   d_weight, dy, x,      inverse_rms, weight,
                         lddx, lddy,     ldx, t, groups,      n,      rows_per_task(2 * groups * n)};
    kernel_pool_run(pool, KERNEL_PICK(backward_rows), &c, task_count(t, c.per_task));
    if (d_weight) kernel_pool_run(pool, KERNEL_PICK(backward_weight), &c, task_count(n, LANES));
}
