#include "include/swiglu.h"
#include "simd.h"

struct swiglu {
    float *out;
    const float *dy, *gate_up;
    int t, f, per_task;
};

/* s = 1 / (1 + exp(-g)) */
INLINE void sigmoid(lanes *s, const lanes *g) {
    lanes e = -*g;
    lanes_exp(&e);
    *s = 1.0f / (e + 1.0f);
}

INLINE void forward_lanes(lanes *y, const lanes *g, const lanes *u) {
    lanes s;
    sigmoid(&s, g);
    *y = *g * s * *u;
}

INLINE void forward_rows(const struct swiglu *c, int task) {
    int end = smaller(c->t, (task + 1) * c->per_task);
    for (int r = task * c->per_task; r < end; r++) {
        const float *gate = c->gate_up + (size_t)r * 2 * c->f, *up = gate + c->f;
        float *y = c->out + (size_t)r * c->f;
        lanes g, u, v;
        int i = 0;
        for (; i + LANES <= c->f; i += LANES) {
            lanes_load(&g, gate + i);
            lanes_load(&u, up + i);
            forward_lanes(&v, &g, &u);
            lanes_store(y + i, &v);
        }
        if (i < c->f) {
            lanes_load_part(&g, gate + i, c->f - i, 0);
            lanes_load_part(&u, up + i, c->f - i, 0);
            forward_lanes(&v, &g, &u);
            lanes_store_part(y + i, &v, c->f - i);
        }
    }
}
KERNEL_TASK(forward_rows)

void kernel_swiglu(kernel_pool *pool, float *y, const float *gate_up, int t, int f) {
    struct swiglu c = {y, 0, gate_up, t, f, rows_per_task(4 * f)};
    kernel_pool_run(pool, KERNEL_PICK(forward_rows), &c, task_count(t, c.per_task));
}

/* d silu(g)/dg = s · (1 + g · (1 - s)) */
INLINE void backward_lanes(lanes *dg, lanes *du, const lanes *dy, const lanes *g, const lanes *u) {
    lanes s;
    sigmoid(&s, g);
    *du += *dy * (*g * s);
    *dg += *dy * *u * (s * (1.0f + *g * (1.0f - s)));
}

INLINE void backward_rows(const struct swiglu *c, int task) {
    int end = smaller(c->t, (task + 1) * c->per_task);
    for (int r = task * c->per_task; r < end; r++) {
        const float *gate = c->gate_up + (size_t)r * 2 * c->f, *up = gate + c->f;
        const float *dy = c->dy + (size_t)r * c->f;
        float *d_gate = c->out + (size_t)r * 2 * c->f, *d_up = d_gate + c->f;
        lanes g, u, d, dg, du;
        int i = 0;
        for (; i + LANES <= c->f; i += LANES) {
            lanes_load(&g, gate + i);
            lanes_load(&u, up + i);
            lanes_load(&d, dy + i);
            lanes_load(&dg, d_gate + i);
            lanes_load(&du, d_up + i);
            backward_lanes(&dg, &du, &d, &g, &u);
            lanes_store(d_gate + i, &dg);
            lanes_store(d_up + i, &du);
        }
        if (i < c->f) {
            int rest = c->f - i;
            lanes_load_part(&g, gate + i, rest, 0);
            lanes_load_part(&u, up + i, rest, 0);
            lanes_load_part(&d, dy + i, rest, 0);
            lanes_load_part(&dg, d_gate + i, rest, 0);
            lanes_load_part(&du, d_up + i, rest, 0);
            backward_lanes(&dg, &du, &d, &g, &u);
            lanes_store_part(d_gate + i, &dg, rest);
            lanes_store_part(d_up + i, &du, rest);
        }
    }
}
KERNEL_TASK(backward_rows)

void kernel_swiglu_backward(kernel_pool *pool, float *d_gate_up, const float *dy, const float *gate_up, int t, int f) {
    struct swiglu c = {d_gate_up, dy, gate_up, t, f, rows_per_task(6 * f)};
    kernel_pool_run(pool, KERNEL_PICK(backward_rows), &c, task_count(t, c.per_task));
}
