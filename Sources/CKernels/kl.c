#include "include/kl.h"
#include "softmax.h"

struct loss {
    double *loss, *kl;
    float *d_logits;
    const float *logits, *weights;
    const kernel_teacher *teacher;
    int kind, t, v;
};

/* A row of student logits seen from the teacher's top tokens; all logarithms. */
struct split {
    float rest_max;              /* largest logit outside */
    double rest, top, all;       /* logsumexp of the logits outside, inside, everywhere */
    double inside[KERNEL_TOP_LIMIT]; /* the top tokens' logits */
};

/* The top tokens are put aside as -inf meanwhile: subtracting their mass instead would lose a small rest. */
INLINE void split_row(struct split *s, float *work, const int32_t *ids, int k, int v) {
    for (int i = 0; i < k; i++) {
        s->inside[i] = work[ids[i]];
        work[ids[i]] = -INFINITY;
    }
    s->rest = row_log_sum_exp(work, v, &s->rest_max);
    double max = -INFINITY, sum = 0;
    for (int i = 0; i < k; i++) {
        work[ids[i]] = (float)s->inside[i];
        max = s->inside[i] > max ? s->inside[i] : max;
    }
    for (int i = 0; i < k; i++) sum += exp(s->inside[i] - max);
    s->top = max + log(sum);
    s->all = log_add(s->rest, s->top);
}

/* Σ_T p (ln p - shift - ln q'), q' = exp(inside - base), p scaled by exp(-shift); p of no mass adds nothing. */
INLINE double top_divergence(const struct split *s, const float *logprobs, int k, double shift, double base) {
    double sum = 0;
    for (int i = 0; i < k; i++) {
        double p = exp(logprobs[i] - shift);
        if (p > 0) sum += p * (logprobs[i] - shift - (s->inside[i] - base));
    }
    return sum;
}

/* g[v] = factor · exp(x - max) outside; inside: weight · (all · q - part · p), both at the tokens `ids`. */
INLINE void top_gradient(float *g, const float *x, const struct split *s, const int32_t *ids, const float *logprobs,
                         int k, int v, double weight, double outside, double all, double base, double shift) {
    float factor = (float)(weight * outside), max = s->rest_max;
    int i = 0;
    lanes e;
    if (factor == 0)
        memset(g, 0, 4 * (size_t)v);
    else {
        for (; i + LANES <= v; i += LANES) {
            lanes_load(&e, x + i);
            e = e - max;
            lanes_exp(&e);
            e = e * factor;
            lanes_store(g + i, &e);
        }
        if (i < v) {
            lanes_load_part(&e, x + i, v - i, -INFINITY);
            e = e - max;
            lanes_exp(&e);
            e = e * factor;
            lanes_store_part(g + i, &e, v - i);
        }
    }
    for (i = 0; i < k; i++)
        g[ids[i]] = (float)(weight * (all * exp(s->inside[i] - base) - exp(logprobs[i] - shift)));
}

/* Σ p · ((x_i - y_i) - offset) with p = exp(x - max) / exp(log_sum - max): in lanes of float, differences in double. */
INLINE double divergence(const float *x, const float *y, int n, float max, double log_sum, double offset) {
    double total = 0;
    float scale = (float)exp(max - log_sum);
    for (int start = 0; start < n; start += LANES) {
        int count = smaller(LANES, n - start);
        lanes p;
        float e[LANES];
        if (count == LANES)
            lanes_load(&p, x + start);
        else
            lanes_load_part(&p, x + start, count, -INFINITY);
        p = p - max;
        lanes_exp(&p);
        lanes_store(e, &p);
        double sum = 0;
        for (int i = 0; i < count; i++)
            if (e[i] > 0) sum += (double)e[i] * ((double)x[start + i] - (double)y[start + i] - offset);
        total += sum;
    }
    return total * scale;
}

/* FULL: q - p. REVERSE_FULL: q · (ln q - ln p - loss). */
INLINE void full_gradient(float *g, const float *z, const float *teacher, int v, float weight, int reverse,
                          float z_max, float teacher_max, double z_sum, double teacher_sum, double loss) {
    float q_scale = (float)exp(z_max - z_sum), p_scale = (float)exp(teacher_max - teacher_sum);
    float offset = (float)(z_sum - teacher_sum + loss);
    for (int start = 0; start < v; start += LANES) {
        int count = smaller(LANES, v - start);
        lanes a, b, q, p;
        lanes_load_part(&a, z + start, count, -INFINITY);
        lanes_load_part(&b, teacher + start, count, -INFINITY);
        q = a - z_max;
        lanes_exp(&q);
        q = q * q_scale;
        if (reverse)
            p = q * ((a - b) - offset);
        else {
            p = b - teacher_max;
            lanes_exp(&p);
            p = q - p * p_scale;
        }
        p = p * weight;
        lanes_store_part(g + start, &p, count);
    }
}

INLINE void loss_row(const struct loss *c, int r) {
    const kernel_teacher *teacher = c->teacher;
    int k = teacher->top_k, v = c->v;
    const int32_t *ids = teacher->top_ids + (size_t)r * k;
    const float *logprobs = teacher->top_logprobs + (size_t)r * k;
    /* Put back as it was before anything else reads it. */
    float *z = (float *)(uintptr_t)(c->logits + (size_t)r * v);
    float *g = c->d_logits ? c->d_logits + (size_t)r * v : 0;
    double weight = c->weights ? c->weights[r] : 1, loss = 0;
    struct split s;
    double mass = 0, tail = 0, rest_share = 0;
    c->kl[r] = NAN;
    if (k > 0) {
        split_row(&s, z, ids, k, v);
        double tail_log = teacher->tail_log_mass[r];
        for (int i = 0; i < k; i++) mass += exp(logprobs[i]);
        /* Without tokens outside there is no tail to compare. */
        if (tail_log > -INFINITY && s.rest > -INFINITY) tail = exp(tail_log);
        if (s.rest > -INFINITY) rest_share = exp(s.rest_max - s.rest);
        c->kl[r] = top_divergence(&s, logprobs, k, 0, s.all);
        if (tail > 0) c->kl[r] += tail * (tail_log - (s.rest - s.all));
    }
    double q_rest = k > 0 && s.rest > -INFINITY ? exp(s.rest_max - s.all) : 0;
    switch (c->kind) {
    case KERNEL_LOSS_TAIL:
    case KERNEL_LOSS_TRUNCATED: {
        if (c->kind == KERNEL_LOSS_TRUNCATED) tail = 0;
        loss = c->kind == KERNEL_LOSS_TAIL ? c->kl[r] : top_divergence(&s, logprobs, k, 0, s.all);
        double all = mass + tail;
        if (g)
            top_gradient(g, z, &s, ids, logprobs, k, v, weight, all * q_rest - tail * rest_share, all, s.all, 0);
        break;
    }
    case KERNEL_LOSS_RENORMALISED:
        loss = top_divergence(&s, logprobs, k, log(mass), s.all);
        if (g) top_gradient(g, z, &s, ids, logprobs, k, v, weight, q_rest, 1, s.all, log(mass));
        break;
    case KERNEL_LOSS_RENORMALISED_BOTH:
        loss = top_divergence(&s, logprobs, k, log(mass), s.top);
        if (g) top_gradient(g, z, &s, ids, logprobs, k, v, weight, 0, 1, s.top, log(mass));
        break;
    case KERNEL_LOSS_CROSS_ENTROPY: {
        const float certain = 0;
        split_row(&s, z, teacher->targets + r, 1, v);
        loss = s.all - s.inside[0];
        double outside = s.rest > -INFINITY ? exp(s.rest_max - s.all) : 0;
        if (g)
            top_gradient(g, z, &s, teacher->targets + r, &certain, 1, v, weight, outside, 1, s.all, 0);
        break;
    }
    default: {
        const float *p = teacher->teacher_logits + (size_t)r * v;
        float z_max, p_max;
        double z_sum = row_log_sum_exp(z, v, &z_max), p_sum = row_log_sum_exp(p, v, &p_max);
        int reverse = c->kind == KERNEL_LOSS_REVERSE_FULL;
        loss = reverse ? divergence(z, p, v, z_max, z_sum, z_sum - p_sum)
                       : divergence(p, z, v, p_max, p_sum, p_sum - z_sum);
        if (g) full_gradient(g, z, p, v, (float)weight, reverse, z_max, p_max, z_sum, p_sum, loss);
    }
    }
    c->loss[r] = loss;
}
KERNEL_TASK(loss_row)

void kernel_kl_loss(kernel_pool *pool, double *loss, double *kl, float *d_logits, int kind, const float *logits,
                    const kernel_teacher *teacher, const float *weights, int t, int v) {
    struct loss c = {loss, kl, d_logits, logits, weights, teacher, kind, t, v};
    kernel_pool_run(pool, KERNEL_PICK(loss_row), &c, t);
}

struct full {
    double *kl;
    int32_t *agree;
    const float *teacher, *student;
    int v;
};

INLINE void full_row(const struct full *c, int r) {
    const float *p = c->teacher + (size_t)r * c->v, *q = c->student + (size_t)r * c->v;
    float p_max, q_max;
    double p_sum = row_log_sum_exp(p, c->v, &p_max), q_sum = row_log_sum_exp(q, c->v, &q_max);
    c->kl[r] = divergence(p, q, c->v, p_max, p_sum, p_sum - q_sum);
    c->agree[r] = row_argmax(p, c->v) == row_argmax(q, c->v);
}
KERNEL_TASK(full_row)

void kernel_kl_full(kernel_pool *pool, double *kl, int32_t *agree, const float *teacher_logits,
                    const float *student_logits, int t, int v) {
    struct full c = {kl, agree, teacher_logits, student_logits, v};
    kernel_pool_run(pool, KERNEL_PICK(full_row), &c, t);
}
