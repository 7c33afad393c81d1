#include "include/sampling.h"
#include "include/kl.h"
#include "softmax.h"

struct sampling {
    int32_t *ids;
    float *logprobs, *tail_log_mass;
    double *targets_logprobs;
    const float *logits, *temperatures;
    const int32_t *targets;
    const double *uniform;
    int v, k;
};

/* Insertion into a sorted list of the best so far; a block without anything better is passed over at once. */
INLINE void top_row(const struct sampling *c, int r) {
    const float *x = c->logits + (size_t)r * c->v;
    int32_t *ids = c->ids + (size_t)r * c->k;
    float best[KERNEL_TOP_LIMIT];
    int k = c->k, filled = 0;
    for (int start = 0; start < c->v; start += LANES) {
        int count = smaller(LANES, c->v - start);
        if (filled == k && count == LANES) {
            lanes v;
            lanes_load(&v, x + start);
            int_lanes larger = v > best[k - 1];
            int32_t any = 0;
            for (int i = 0; i < LANES; i++) any |= larger[i];
            if (!any) continue;
        }
        for (int i = start; i < start + count; i++) {
            float value = x[i] == x[i] ? x[i] : -INFINITY;
            if (filled == k && !(value > best[k - 1])) continue;
            int at = filled < k ? filled++ : k - 1;
            for (; at > 0 && value > best[at - 1]; at--) {
                best[at] = best[at - 1];
                ids[at] = ids[at - 1];
            }
            best[at] = value;
            ids[at] = i;
        }
    }
    float *work = (float *)(uintptr_t)x, max;
    double top = 0;
    for (int i = 0; i < k; i++) {
        work[ids[i]] = -INFINITY;
        top += exp((double)best[i] - best[0]);
    }
    double rest = row_log_sum_exp(work, c->v, &max), all = log_add(rest, best[0] + log(top));
    for (int i = 0; i < k; i++) {
        work[ids[i]] = best[i];
        c->logprobs[(size_t)r * k + i] = (float)(best[i] - all);
    }
    c->tail_log_mass[r] = (float)(rest - all);
}
KERNEL_TASK(top_row)

void kernel_top_k(kernel_pool *pool, int32_t *ids, float *logprobs, float *tail_log_mass, const float *logits,
                  int t, int v, int k) {
    struct sampling c = {.ids = ids, .logprobs = logprobs, .tail_log_mass = tail_log_mass, .logits = logits, .v = v, .k = k};
    kernel_pool_run(pool, KERNEL_PICK(top_row), &c, t);
}

INLINE void logprob_row(const struct sampling *c, int r) {
    const float *x = c->logits + (size_t)r * c->v;
    float max;
    double all = row_log_sum_exp(x, c->v, &max);
    c->targets_logprobs[r] = x[c->targets[r]] - all;
}
KERNEL_TASK(logprob_row)

void kernel_logprobs(kernel_pool *pool, double *logprobs, const float *logits, const int32_t *targets, int t, int v) {
    struct sampling c = {.targets_logprobs = logprobs, .logits = logits, .targets = targets, .v = v};
    kernel_pool_run(pool, KERNEL_PICK(logprob_row), &c, t);
}

INLINE void sample_row(const struct sampling *c, int r) {
    const float *x = c->logits + (size_t)r * c->v;
    if (c->temperatures[r] <= 0) {
        c->ids[r] = row_argmax(x, c->v);
        return;
    }
    float max = row_max(x, c->v), factor = 1 / c->temperatures[r];
    double left = c->uniform[r] * row_exp_sum(x, c->v, max, factor);
    int block = 0, last = 0;
    for (; block + SUM_BLOCK < c->v; block += SUM_BLOCK) {
        double sum = block_exp_sum(x + block, SUM_BLOCK, max, factor);
        if (left < sum) break;
        left -= sum;
    }
    /* Rounding may leave a little beyond the last token of a block: then it is that one. */
    for (int start = block; start < smaller(c->v, block + SUM_BLOCK); start += LANES) {
        lanes e;
        float weights[LANES];
        lanes_load_part(&e, x + start, smaller(LANES, c->v - start), -INFINITY);
        e = (e - max) * factor;
        lanes_exp(&e);
        lanes_store(weights, &e);
        for (int i = 0; i < LANES; i++) {
            if (weights[i] > 0) last = start + i;
            if (left < weights[i]) {
                c->ids[r] = start + i;
                return;
            }
            left -= weights[i];
        }
    }
    c->ids[r] = last;
}
KERNEL_TASK(sample_row)

void kernel_sample(kernel_pool *pool, int32_t *ids, const float *logits, const float *temperatures,
                   const double *uniform, int t, int v) {
    struct sampling c = {.ids = ids, .logits = logits, .temperatures = temperatures, .uniform = uniform, .v = v};
    kernel_pool_run(pool, KERNEL_PICK(sample_row), &c, t);
}
