#include "include/rope.h"
#include "simd.h"

struct rope {
    float *x;
    const float *cosines, *sines;
    const int32_t *positions;
    float direction;
    int ldx, t, heads, head_size, per_task;
};

INLINE void rotate_rows(const struct rope *c, int task) {
    int half = c->head_size / 2, end = smaller(c->t, (task + 1) * c->per_task);
    for (int r = task * c->per_task; r < end; r++) {
        const float *cosines = c->cosines + (size_t)c->positions[r] * half;
        const float *sines = c->sines + (size_t)c->positions[r] * half;
        for (int h = 0; h < c->heads; h++) {
            float *a = c->x + (size_t)r * c->ldx + (size_t)h * c->head_size, *b = a + half;
            int i = 0;
            for (; i + LANES <= half; i += LANES) {
                lanes p, q, cosine, sine;
                lanes_load(&p, a + i);
                lanes_load(&q, b + i);
                lanes_load(&cosine, cosines + i);
                lanes_load(&sine, sines + i);
                sine = sine * c->direction;
                lanes first = p * cosine - q * sine, second = q * cosine + p * sine;
                lanes_store(a + i, &first);
                lanes_store(b + i, &second);
            }
            for (; i < half; i++) {
                float sine = sines[i] * c->direction;
                float first = a[i] * cosines[i] - b[i] * sine, second = b[i] * cosines[i] + a[i] * sine;
                a[i] = first;
                b[i] = second;
            }
        }
    }
}
KERNEL_TASK(rotate_rows)

void kernel_rope(kernel_pool *pool, float *x, int ldx, const float *cosines, const float *sines,
                 const int32_t *positions, int t, int heads, int head_size) {
    struct rope c = {x, cosines, sines, positions, 1, ldx, t, heads, head_size, rows_per_task(heads * head_size)};
    kernel_pool_run(pool, KERNEL_PICK(rotate_rows), &c, task_count(t, c.per_task));
}

void kernel_rope_backward(kernel_pool *pool, float *dx, int lddx, const float *cosines, const float *sines,
                          const int32_t *positions, int t, int heads, int head_size) {
    struct rope c = {dx, cosines, sines, positions, -1, lddx, t, heads, head_size, rows_per_task(heads * head_size)};
    kernel_pool_run(pool, KERNEL_PICK(rotate_rows), &c, task_count(t, c.per_task));
}
