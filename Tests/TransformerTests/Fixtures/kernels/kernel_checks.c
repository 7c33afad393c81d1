/* Checks the kernels against sums in double precision, the products on every tier that the machine has. For machines
   that the tests themselves do not run on. Writes the best tier's name, then a line for each check; exits with 1 when
   one fails. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ckernels.h"

static int failures;

/* worst: the largest error in units of what is allowed; NaN fails. */
static void report(const char *tier, const char *what, double worst, bool same_bits) {
    bool passed = worst <= 1 && same_bits;
    if (!passed) failures++;
    printf("%s %s %s: %.2g of the tolerance%s\n", passed ? "ok" : "FAILED", tier, what, worst,
           same_bits ? "" : ", bits differ");
}

static void *allocate(size_t bytes) {
    void *memory = aligned_alloc(64, (bytes + 64) / 64 * 64);
    if (!memory) abort();
    memset(memory, 0, bytes);
    return memory;
}

static float *floats(size_t count) { return allocate(count * sizeof(float)); }

/* Uniform in -1 ..< 1 (SplitMix64). */
static float next_number(void) {
    static uint64_t state;
    uint64_t bits = state += 0x9e3779b97f4a7c15;
    bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9;
    bits = (bits ^ bits >> 27) * 0x94d049bb133111eb;
    bits ^= bits >> 31;
    return (float)((int64_t)bits >> 40) / (1 << 23);
}

static float *numbers(size_t count) {
    float *x = floats(count);
    for (size_t i = 0; i < count; i++) x[i] = next_number();
    return x;
}

static float *copy(const float *x, size_t count) { return memcpy(floats(count), x, count * sizeof(float)); }

static bool same(const float *a, const float *b, size_t count) { return memcmp(a, b, count * sizeof(float)) == 0; }

/* The error of `got` in units of `tolerance`, which is relative for large numbers. */
static double error_of(double got, double wanted, double tolerance) {
    return fabs(got - wanted) / (tolerance * (1 + fabs(wanted)));
}

/* The larger of the two, NaN if one is. */
static void keep_worst(double *worst, double error) {
    if (!(error <= *worst)) *worst = error;
}

/* The nearest bf16, ties to even. */
static float rounded(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000;
    memcpy(&x, &bits, 4);
    return x;
}

/* Products */

typedef struct {
    int t, n, k;
} shape;

typedef struct {
    float *y, *dx, *dw;
} products;

/* Some shapes' y is added to, others' replaced. */
static bool accumulates(shape s) { return s.n % 2; }

/* All three products, `step` rows a call. Rows of x and dx are k + 3 apart, of y and dy n + 5. */
static void multiply(products to, shape s, const float *x, const float *dy, const float *w, int type, bool rounds,
                     int tier, int threads, int step) {
    kernel_pool *pool = kernel_pool_create_on(threads, tier);
    void *packed = allocate(kernel_packed_size(type, s.n, s.k));
    kernel_pack(pool, packed, type, w, KERNEL_F32, s.n, s.k);
    int ldx = s.k + 3, ldy = s.n + 5;
    for (int t = 0; t < s.t; t += step) {
        int count = step < s.t - t ? step : s.t - t;
        kernel_matmul(pool, to.y + t * ldy, ldy, x + t * ldx, ldx, packed, type, rounds, accumulates(s), count, s.n,
                      s.k);
        kernel_matmul_backward_x(pool, to.dx + t * ldx, ldx, dy + t * ldy, ldy, packed, type, rounds, count, s.n, s.k);
        kernel_matmul_backward_w(pool, to.dw, dy + t * ldy, ldy, x + t * ldx, ldx, count, s.n, s.k);
    }
    free(packed);
    kernel_pool_destroy(pool);
}

/* Rounding errors of sums of products of numbers below 1 grow like a random walk. What lies between the rows must be as
   it was. */
static double worst_sum(const float *got, const float *before, bool adds, const float *a, int a_row, int a_step,
                        const float *b, int b_row, int b_step, int rows, int columns, int stride, int count) {
    double worst = 0, tolerance = 4e-6 * sqrt(count);
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < stride; c++) {
            double sum = adds || c >= columns ? before[r * stride + c] : 0;
            if (c < columns)
                for (int i = 0; i < count; i++)
                    sum += (double)a[r * a_row + i * a_step] * (double)b[c * b_row + i * b_step];
            keep_worst(&worst, fabs(got[r * stride + c] - sum) / tolerance);
        }
    return worst;
}

static float *rounded_copy(const float *x, size_t count, bool rounds) {
    float *y = copy(x, count);
    for (size_t i = 0; rounds && i < count; i++) y[i] = rounded(x[i]);
    return y;
}

static void check_products(int tier, shape s, int type, bool rounds) {
    int ldx = s.k + 3, ldy = s.n + 5;
    size_t x_count = (size_t)s.t * ldx, y_count = (size_t)s.t * ldy, w_count = (size_t)s.n * s.k;
    float *x = numbers(x_count), *dy = numbers(y_count), *w = numbers(w_count);
    products before = {numbers(y_count), numbers(x_count), numbers(w_count)};
    products whole = {copy(before.y, y_count), copy(before.dx, x_count), copy(before.dw, w_count)};
    multiply(whole, s, x, dy, w, type, rounds, tier, 2, s.t);

    /* Only tiers with dot products of bf16 really round inputs. */
    bool dots = rounds && type == KERNEL_BF16 && strstr(kernel_tier_name(tier), "bf16");
    float *seen_w = rounded_copy(w, w_count, type == KERNEL_BF16);
    float *seen_x = rounded_copy(x, x_count, dots), *seen_dy = rounded_copy(dy, y_count, dots);
    double worst = worst_sum(whole.y, before.y, accumulates(s), seen_x, ldx, 1, seen_w, s.k, 1, s.t, s.n, ldy, s.k);
    keep_worst(&worst, worst_sum(whole.dx, before.dx, true, seen_dy, ldy, 1, seen_w, 1, s.k, s.t, s.k, ldx, s.n));
    keep_worst(&worst, worst_sum(whole.dw, before.dw, true, dy, 1, ldy, x, 1, ldx, s.n, s.k, s.k, s.t));

    bool same_bits = true;
    const int cuts[][2] = {{1, 1}, {3, 4}};
    for (int i = 0; i < 2; i++) {
        products cut = {copy(before.y, y_count), copy(before.dx, x_count), copy(before.dw, w_count)};
        multiply(cut, s, x, dy, w, type, rounds, tier, cuts[i][0], cuts[i][1]);
        same_bits = same_bits && same(cut.y, whole.y, y_count) && same(cut.dx, whole.dx, x_count) &&
                    same(cut.dw, whole.dw, w_count);
        free(cut.y), free(cut.dx), free(cut.dw);
    }
    char what[64];
    snprintf(what, sizeof what, "%dx%dx%d %s%s", s.t, s.n, s.k, type == KERNEL_BF16 ? "bf16" : "float32",
             rounds ? ", rounding" : "");
    report(kernel_tier_name(tier), what, worst, same_bits);
    free(x), free(dy), free(w), free(seen_w), free(seen_x), free(seen_dy);
    free(before.y), free(before.dx), free(before.dw), free(whole.y), free(whole.dx), free(whole.dw);
}

static void check_packed_rows(int tier) {
    enum { N = 70, K = 33 };
    kernel_pool *pool = kernel_pool_create_on(1, tier);
    float *w = numbers(N * K), row[K];
    double worst = 0;
    for (int type = KERNEL_F32; type <= KERNEL_BF16; type++) {
        void *packed = allocate(kernel_packed_size(type, N, K));
        kernel_pack(pool, packed, type, w, KERNEL_F32, N, K);
        for (int n = 0; n < N; n++) {
            kernel_unpack_row(row, packed, type, N, K, n);
            for (int k = 0; k < K; k++)
                if (row[k] != (type == KERNEL_BF16 ? rounded(w[n * K + k]) : w[n * K + k])) worst = INFINITY;
        }
        free(packed);
    }
    report(kernel_tier_name(tier), "packed rows", worst, true);
    free(w);
    kernel_pool_destroy(pool);
}

/* The other kernels: the same on every tier. */

static void check_rmsnorm(kernel_pool *pool, int n) {
    enum { T = 3, G = 2 };
    int row = G * n;
    float *x = numbers(T * row), *weight = numbers(n), *dy = numbers(T * row), *y = floats(T * row);
    float *dx = floats(T * row), *d_weight = floats(n), inverse[T * G];
    double worst = 0, epsilon = 1e-5, *wanted_weight = allocate(n * sizeof(double));
    kernel_rmsnorm(pool, y, row, inverse, x, row, weight, (float)epsilon, T, G, n);
    kernel_rmsnorm_backward(pool, dx, row, d_weight, dy, row, x, row, inverse, weight, T, G, n);
    for (int g = 0; g < T * G; g++) {
        const float *a = x + g * n, *d = dy + g * n;
        double squares = 0, product = 0;
        for (int i = 0; i < n; i++) {
            squares += (double)a[i] * a[i];
            product += (double)d[i] * weight[i] * a[i];
        }
        double scale = 1 / sqrt(squares / n + epsilon);
        for (int i = 0; i < n; i++) {
            keep_worst(&worst, error_of(y[g * n + i], a[i] * scale * weight[i], 2e-6));
            double gradient = scale * d[i] * weight[i] - a[i] * scale * scale * scale * product / n;
            keep_worst(&worst, error_of(dx[g * n + i], gradient, 2e-6));
            wanted_weight[i] += d[i] * a[i] * scale;
        }
    }
    for (int i = 0; i < n; i++) keep_worst(&worst, error_of(d_weight[i], wanted_weight[i], 2e-6));
    report("all", n % 16 ? "rmsnorm, ragged" : "rmsnorm", worst, true);
    free(x), free(weight), free(dy), free(y), free(dx), free(d_weight), free(wanted_weight);
}

static void check_rope(kernel_pool *pool, int head_size) {
    enum { T = 5, G = 3, POSITIONS = 9 };
    int half = head_size / 2, row = G * head_size;
    const int32_t positions[T] = {8, 0, 3, 3, 5};
    float *x = numbers(T * row), *y = copy(x, T * row);
    float *cosines = floats(POSITIONS * half), *sines = floats(POSITIONS * half);
    for (int i = 0; i < POSITIONS * half; i++) {
        cosines[i] = (float)cos(0.7 * i);
        sines[i] = (float)sin(0.7 * i);
    }
    double worst = 0;
    kernel_rope(pool, y, row, cosines, sines, positions, T, G, head_size);
    for (int h = 0; h < T * G; h++)
        for (int i = 0; i < half; i++) {
            int angle = positions[h / G] * half + i;
            double a = x[h * head_size + i], b = x[h * head_size + half + i];
            keep_worst(&worst, error_of(y[h * head_size + i], a * cosines[angle] - b * sines[angle], 1e-6));
            keep_worst(&worst, error_of(y[h * head_size + half + i], b * cosines[angle] + a * sines[angle], 1e-6));
        }
    kernel_rope_backward(pool, y, row, cosines, sines, positions, T, G, head_size);
    for (int i = 0; i < T * row; i++) keep_worst(&worst, error_of(y[i], x[i], 1e-6));
    report("all", half % 16 ? "rope, ragged" : "rope", worst, true);
    free(x), free(y), free(cosines), free(sines);
}

static void check_swiglu(kernel_pool *pool, int f) {
    enum { T = 3 };
    float *x = numbers(T * 2 * f), *dy = numbers(T * f), *y = floats(T * f), *dx = floats(T * 2 * f);
    for (int i = 0; i < T * 2 * f; i++) x[i] *= 20;
    kernel_swiglu(pool, y, x, T, f);
    kernel_swiglu_backward(pool, dx, dy, x, T, f);
    double worst = 0;
    for (int t = 0; t < T; t++)
        for (int i = 0; i < f; i++) {
            double gate = x[t * 2 * f + i], up = x[t * 2 * f + f + i], sigmoid = 1 / (1 + exp(-gate));
            double d = dy[t * f + i], slope = sigmoid * (1 + gate * (1 - sigmoid));
            keep_worst(&worst, error_of(y[t * f + i], gate * sigmoid * up, 2e-6));
            keep_worst(&worst, error_of(dx[t * 2 * f + i], d * up * slope, 4e-6));
            keep_worst(&worst, error_of(dx[t * 2 * f + f + i], d * gate * sigmoid, 2e-6));
        }
    report("all", f % 16 ? "swiglu, ragged" : "swiglu", worst, true);
    free(x), free(dy), free(y), free(dx);
}

static void check_attention(kernel_pool *pool, int size) {
    enum { T = 40, H = 4, G = 2, FIRST = 33, TASKS = 4 };
    int row = H * size, key_row = G * size;
    float *q = numbers(T * row), *k = numbers(T * key_row), *v = numbers(T * key_row), *d_out = numbers(T * row);
    float *out = floats(T * row), *alone = floats(T * row), log_sum_exp[T * H];
    float *dq = floats(T * row), *dk = floats(T * key_row), *dv = floats(T * key_row);
    double *wanted_dk = allocate(T * key_row * sizeof(double)), *wanted_dv = allocate(T * key_row * sizeof(double));
    float scale = 0.3f;

    kernel_segment segments[] = {{.capacity = 64, .count = FIRST}, {.capacity = 32, .count = T - FIRST}};
    for (int i = 0; i < 2; i++) {
        segments[i].keys = floats(G * kernel_key_size(segments[i].capacity, size));
        segments[i].values = floats(G * kernel_value_size(segments[i].capacity, size));
    }
    const kernel_store stores[] = {{0, 0, 0, FIRST}, {1, 0, FIRST, T - FIRST}};
    kernel_store_keys(pool, segments, stores, 2, k, key_row, v, key_row, G, size);
    float *scratch = floats(kernel_attention_scratch(TASKS, T));
    const kernel_sequence together = {0, T, 0, 0, 2};
    kernel_sequence apart[T];
    int32_t of_row[T] = {0};
    kernel_attention(pool, out, row, log_sum_exp, q, row, &together, of_row, segments, T, H, G, size, scale, scratch,
                     TASKS);
    for (int t = 0; t < T; t++) {
        apart[t] = (kernel_sequence){t, 1, t, 0, 2};
        of_row[t] = t;
    }
    kernel_attention(pool, alone, row, NULL, q, row, apart, of_row, segments, T, H, G, size, scale, scratch, TASKS);
    free(scratch);
    scratch = floats(G * kernel_attention_backward_scratch(T, size));
    kernel_attention_backward(pool, dq, row, dk, key_row, dv, key_row, d_out, out, row, log_sum_exp, q, row, k, key_row,
                              v, key_row, &together, 1, H, G, size, scale, scratch);

    double worst = 0;
    for (int t = 0; t < T; t++)
        for (int h = 0; h < H; h++) {
            const float *a = q + t * row + h * size, *d = d_out + t * row + h * size;
            int head = h / (H / G) * size;
            double p[T], dp[T], sum = 0, mean = 0;
            for (int j = 0; j <= t; j++) {
                double score = 0;
                dp[j] = 0;
                for (int i = 0; i < size; i++) {
                    score += (double)a[i] * k[j * key_row + head + i];
                    dp[j] += (double)d[i] * v[j * key_row + head + i];
                }
                sum += p[j] = exp(scale * score);
            }
            keep_worst(&worst, error_of(log_sum_exp[t * H + h], log(sum), 4e-6));
            for (int j = 0; j <= t; j++) mean += (p[j] /= sum) * dp[j];
            for (int i = 0; i < size; i++) {
                double o = 0, gradient = 0;
                for (int j = 0; j <= t; j++) {
                    double ds = scale * p[j] * (dp[j] - mean);
                    o += p[j] * v[j * key_row + head + i];
                    gradient += ds * k[j * key_row + head + i];
                    wanted_dk[j * key_row + head + i] += ds * a[i];
                    wanted_dv[j * key_row + head + i] += p[j] * d[i];
                }
                keep_worst(&worst, error_of(out[t * row + h * size + i], o, 4e-6));
                keep_worst(&worst, error_of(dq[t * row + h * size + i], gradient, 4e-6));
            }
        }
    for (int i = 0; i < T * key_row; i++) {
        keep_worst(&worst, error_of(dk[i], wanted_dk[i], 8e-6));
        keep_worst(&worst, error_of(dv[i], wanted_dv[i], 8e-6));
    }
    report("all", size % 16 ? "attention, ragged" : "attention", worst, same(out, alone, T * row));
    for (int i = 0; i < 2; i++) free(segments[i].keys), free(segments[i].values);
    free(q), free(k), free(v), free(d_out), free(out), free(alone), free(dq), free(dk), free(dv);
    free(wanted_dk), free(wanted_dv), free(scratch);
}

/* Losses: one row of V logits, K of them the teacher's top. */

enum { V = 75, K = 4 };

static double log_softmax(const double *z, int i) {
    double sum = 0;
    for (int j = 0; j < V; j++) sum += exp(z[j]);
    return z[i] - log(sum);
}

static double loss_of(int kind, const double *z, const double *teacher, const int32_t *ids, int target) {
    double loss = 0, p_top = 0, q_top = 0;
    if (kind == KERNEL_LOSS_CROSS_ENTROPY) return -log_softmax(z, target);
    if (kind == KERNEL_LOSS_FULL || kind == KERNEL_LOSS_REVERSE_FULL) {
        for (int j = 0; j < V; j++) {
            double p = log_softmax(teacher, j), q = log_softmax(z, j);
            loss += kind == KERNEL_LOSS_FULL ? exp(p) * (p - q) : exp(q) * (q - p);
        }
        return loss;
    }
    for (int i = 0; i < K; i++) {
        p_top += exp(log_softmax(teacher, ids[i]));
        q_top += exp(log_softmax(z, ids[i]));
    }
    for (int i = 0; i < K; i++) {
        double p = log_softmax(teacher, ids[i]), q = log_softmax(z, ids[i]);
        if (kind == KERNEL_LOSS_RENORMALISED || kind == KERNEL_LOSS_RENORMALISED_BOTH) p -= log(p_top);
        if (kind == KERNEL_LOSS_RENORMALISED_BOTH) q -= log(q_top);
        loss += exp(p) * (p - q);
    }
    if (kind == KERNEL_LOSS_TAIL) loss += (1 - p_top) * log((1 - p_top) / (1 - q_top));
    return loss;
}

static void check_losses(kernel_pool *pool) {
    float *logits = numbers(V), *teacher_logits = numbers(V), gradient[V], logprobs[K], tail;
    double z[V], teacher[V], loss, kl, logprob, full;
    int32_t ids[K], target = 7, agree, best = 0, teacher_best = 0;
    for (int j = 0; j < V; j++) {
        z[j] = logits[j] *= 3;
        teacher[j] = teacher_logits[j] *= 3;
        if (z[j] > z[best]) best = j;
        if (teacher[j] > teacher[teacher_best]) teacher_best = j;
    }
    kernel_top_k(pool, ids, logprobs, &tail, teacher_logits, 1, V, K);
    double worst = ids[0] == teacher_best ? 0 : INFINITY, top = 0;
    for (int i = 0; i < K; i++) {
        keep_worst(&worst, error_of(logprobs[i], log_softmax(teacher, ids[i]), 2e-6));
        top += exp(log_softmax(teacher, ids[i]));
    }
    keep_worst(&worst, error_of(tail, log(1 - top), 2e-6));
    kernel_logprobs(pool, &logprob, logits, &target, 1, V);
    keep_worst(&worst, error_of(logprob, log_softmax(z, target), 2e-6));
    report("all", "softmax and top rows", worst, true);

    worst = 0;
    const kernel_teacher row = {ids, logprobs, &tail, teacher_logits, &target, K};
    for (int kind = KERNEL_LOSS_TAIL; kind <= KERNEL_LOSS_CROSS_ENTROPY; kind++) {
        kernel_kl_loss(pool, &loss, &kl, gradient, kind, logits, &row, NULL, 1, V);
        keep_worst(&worst, error_of(loss, loss_of(kind, z, teacher, ids, target), 2e-6));
        keep_worst(&worst, error_of(kl, loss_of(KERNEL_LOSS_TAIL, z, teacher, ids, target), 2e-6));
        for (int j = 0; j < V; j++) {
            double here = z[j], step = 1e-5;
            z[j] = here + step;
            double above = loss_of(kind, z, teacher, ids, target);
            z[j] = here - step;
            double below = loss_of(kind, z, teacher, ids, target);
            z[j] = here;
            keep_worst(&worst, error_of(gradient[j], (above - below) / (2 * step), 2e-6));
        }
    }
    kernel_kl_full(pool, &full, &agree, teacher_logits, logits, 1, V);
    keep_worst(&worst, error_of(full, loss_of(KERNEL_LOSS_FULL, z, teacher, ids, target), 2e-6));
    if (agree != (best == teacher_best)) worst = INFINITY;
    report("all", "losses and their gradients", worst, true);
    free(logits), free(teacher_logits);
}

static void check_adamw(kernel_pool *pool, size_t count) {
    float *w = numbers(count), *m = numbers(count), *v = numbers(count), *g = numbers(count);
    const kernel_adamw_step step = {1e-2f, 0.9f, 0.95f, 1e-6f, 0.1f, 1 - 0.729f, 1 - 0.857375f, 0.5f};
    double *wanted = allocate(count * sizeof(double)), worst = 0, squares[2], wanted_squares = 0;
    for (size_t i = 0; i < count; i++) {
        v[i] = fabsf(v[i]);
        double gradient = (double)g[i] * step.gradient_scale;
        double first = step.beta1 * m[i] + (1 - (double)step.beta1) * gradient;
        double second = step.beta2 * v[i] + (1 - (double)step.beta2) * gradient * gradient;
        wanted[i] = w[i] * (1 - (double)step.rate * step.decay) -
                    step.rate * (first / step.correction1) / (sqrt(second / step.correction2) + step.epsilon);
        wanted_squares += (double)g[i] * g[i];
    }
    kernel_adamw(pool, w, m, v, g, &step, count);
    for (size_t i = 0; i < count; i++) keep_worst(&worst, error_of(w[i], wanted[i], 1e-6));
    kernel_sum_squares(pool, squares, g, count);
    keep_worst(&worst, error_of(squares[0] + squares[1], wanted_squares, 1e-9));
    report("all", "adamw and sum of squares", worst, true);
    free(w), free(m), free(v), free(g), free(wanted);
}

int main(void) {
    /* Which is the fastest is another matter. */
    int first = 0;
    while (!kernel_tier_available(first)) first++;
    printf("first %s\n", kernel_tier_name(first));
    report("all", "a best tier", kernel_tier_available(kernel_tier_best()) ? 0 : 2, true);
    const shape shapes[] = {{1, 1, 1},    {1, 150, 1027}, {2, 70, 1027}, {3, 300, 35}, {5, 33, 129},
                            {6, 100, 65}, {7, 130, 67},   {17, 65, 131}, {97, 70, 33}};
    for (int tier = 0; tier < kernel_tier_count(); tier++) {
        if (!kernel_tier_available(tier)) continue;
        check_packed_rows(tier);
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
            check_products(tier, shapes[i], KERNEL_F32, true);
            check_products(tier, shapes[i], KERNEL_BF16, false);
            check_products(tier, shapes[i], KERNEL_BF16, true);
        }
    }
    kernel_pool *pool = kernel_pool_create(2);
    check_rmsnorm(pool, 64);
    check_rmsnorm(pool, 37);
    check_rope(pool, 64);
    check_rope(pool, 10);
    check_swiglu(pool, 64);
    check_swiglu(pool, 45);
    check_attention(pool, 32);
    check_attention(pool, 20);
    check_losses(pool);
    check_adamw(pool, KERNEL_SUM_BLOCK + 77);
    kernel_pool_destroy(pool);
    return failures > 0;
}
