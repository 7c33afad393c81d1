#include "matmul.h"
#include "matmul_task.h"
#include <math.h>
#include <string.h>

static size_t panel_count(int n) { return ((size_t)n + PANEL - 1) / PANEL; }

size_t kernel_packed_size(int packed_type, int n, int k) {
    if (packed_type == KERNEL_I8) return panel_count(n) * ((size_t)k + 4) * PANEL;
    size_t rows = packed_type == KERNEL_BF16 ? ((size_t)k + 1) / 2 : (size_t)k;
    return panel_count(n) * rows * PANEL * 4;
}

static const matmul_tier *tier_of(const kernel_pool *pool) { return matmul_tier_at(kernel_pool_tier(pool)); }

/* to[count] = numbers from `start` on as floats. */
static void widen(float *to, const void *numbers, int type, size_t start, int count) {
    if (type == KERNEL_F32) {
        memcpy(to, (const char *)numbers + 4 * start, 4 * (size_t)count);
        return;
    }
    uint16_t halves[PANEL];
    memcpy(halves, (const char *)numbers + 2 * start, 2 * (size_t)count);
    for (int i = 0; i < count; i++) {
        uint32_t bits = type == KERNEL_BF16 ? (uint32_t)halves[i] << 16 : (uint32_t)(halves[i] & 0x7fff) << 13;
        memcpy(to + i, &bits, 4);
        /* The exponent of a float16 is moved by an exact multiplication. */
        if (type == KERNEL_F16) to[i] *= halves[i] & 0x8000 ? -0x1p112f : 0x1p112f;
    }
}

/* Task i packs panel i. */
static void pack_bytes(void *context, void *scratch, int i) {
    (void)scratch;
    const matmul_call *call = context;
    const int k = call->k, rows = call->n - i * PANEL < PANEL ? call->n - i * PANEL : PANEL;
    int8_t *panel = (int8_t *)call->packed + (size_t)i * kernel_packed_size(KERNEL_I8, 1, k);
    float *scales = (float *)(panel + (size_t)k * PANEL), numbers[PANEL];
    memset(scales, 0, PANEL * sizeof *scales);
    for (int pass = 0; pass < 2; pass++)
        for (int j = 0; j < k; j += PANEL) {
            const int count = k - j < PANEL ? k - j : PANEL;
            if (pass) memset(panel + (size_t)j * PANEL, 0, (size_t)count * PANEL);
            for (int r = 0; r < rows; r++) {
                widen(numbers, call->unpacked, call->unpacked_type, (size_t)(i * PANEL + r) * (size_t)k + (size_t)j,
                      count);
                float largest = scales[r] * 127, factor = scales[r] > 0 ? 1 / scales[r] : 0;
                if (!pass) {
                    for (int c = 0; c < count; c++) largest = fabsf(numbers[c]) > largest ? fabsf(numbers[c]) : largest;
                    scales[r] = (largest < INFINITY ? largest : 0) / 127;
                } else {
                    for (int c = 0; c < count; c++) {
                        float whole = numbers[c] * factor;
                        whole = whole > 127 ? 127 : whole < -127 ? -127 : whole == whole ? whole : 0;
                        panel[(size_t)(j + c) * PANEL + r] = (int8_t)(whole + (whole < 0 ? -0.5f : 0.5f));
                    }
                }
            }
        }
}

void kernel_pack(kernel_pool *pool, void *packed, int packed_type, const void *w, int w_type, int n, int k) {
    matmul_call call = {.packed = packed, .packed_type = packed_type, .unpacked = w, .unpacked_type = w_type, .n = n,
                        .k = k};
    kernel_pool_run_with_scratch(pool, packed_type == KERNEL_I8 ? pack_bytes : tier_of(pool)->pack, &call,
                                 (int)panel_count(n));
}

void kernel_unpack_row(float *row, const void *packed, int packed_type, int n, int k, int i) {
    (void)n;
    if (packed_type == KERNEL_I8) {
        const int8_t *panel = (const int8_t *)packed + i / PANEL * kernel_packed_size(KERNEL_I8, 1, k);
        const float *scales = (const float *)(panel + (size_t)k * PANEL);
        for (int j = 0; j < k; j++) row[j] = (float)panel[(size_t)j * PANEL + i % PANEL] * scales[i % PANEL];
        return;
    }
    const uint32_t *words = (const uint32_t *)packed +
                            i / PANEL * (kernel_packed_size(packed_type, 1, k) / 4) + i % PANEL;
    for (int j = 0; j < k; j++) {
        uint32_t bits = words[(size_t)(packed_type == KERNEL_BF16 ? j / 2 : j) * PANEL];
        if (packed_type == KERNEL_BF16) bits = j % 2 ? bits & 0xffff0000 : bits << 16;
        memcpy(row + j, &bits, 4);
    }
}

static int pieces(int whole, int piece) { return (whole + piece - 1) / piece; }
/* The number, unless it is below low, or above high where high is no less than low. */
static int between(int low, int number, int high) {
    if (number > high) number = high;
    return number < low ? low : number;
}

_Static_assert(BLOCK_WORDS * 4 + BACKWARD_X_ROWS * N_BLOCK * 2 <= KERNEL_SCRATCH, "block and rounded rows of dy");
_Static_assert(BLOCK_WORDS * 4 + BACKWARD_W_ROWS * T_BLOCK * 4 <= KERNEL_SCRATCH, "strips of x and rows of dy");
_Static_assert(MULTIPLY_ROWS * K_BLOCK * 2 <= KERNEL_SCRATCH, "rounded rows of x");

/* How out may be cut into tasks. */
typedef struct {
    int row_unit, most_rows, column_unit, most_columns;
} cuts;

/* Several tasks per thread even out what each gets and what it is interrupted by; but a task should be worth the
   microsecond that handing it out can take. Rows are cut first, to half the most: a task lays its columns' weights out
   or fetches them once for all its rows. */
static void run(kernel_pool *pool, matmul_call *call, matmul_task *task, int rows, int columns, int reduction,
                cuts cuts) {
    if (rows < 1 || columns < 1) return;
    enum { TASKS_PER_THREAD = 4, LEAST_PRODUCTS = 1 << 16 };
    double products = (double)rows * columns * reduction;
    int wanted = kernel_pool_threads(pool) * TASKS_PER_THREAD;
    if (wanted > products / LEAST_PRODUCTS) wanted = (int)(products / LEAST_PRODUCTS);
    int row_units = pieces(rows, cuts.row_unit), most_row_units = cuts.most_rows / cuts.row_unit;
    int column_units = pieces(columns, cuts.column_unit), most_column_units = cuts.most_columns / cuts.column_unit;
    int row_tasks = pieces(row_units, most_row_units), column_tasks = pieces(column_units, most_column_units);
    row_tasks = between(row_tasks, pieces(wanted, column_tasks), pieces(row_units, (most_row_units + 1) / 2));
    column_tasks = between(column_tasks, pieces(wanted, row_tasks), column_units);
    row_tasks = between(row_tasks, pieces(wanted, column_tasks), row_units);
    call->row_step = pieces(row_units, row_tasks) * cuts.row_unit;
    call->column_step = pieces(column_units, column_tasks) * cuts.column_unit;
    call->row_tasks = pieces(rows, call->row_step);
    kernel_pool_run_with_scratch(pool, task, call, call->row_tasks * pieces(columns, call->column_step));
}

void kernel_matmul(kernel_pool *pool, float *y, int ldy, const float *x, int ldx, const void *packed,
                   int packed_type, int round_x, int accumulate, int t, int n, int k) {
    const matmul_tier *tier = tier_of(pool);
    matmul_call call = {.out = y, .out_stride = ldy, .left = x, .left_stride = ldx, .packed = (void *)packed,
                        .packed_type = packed_type, .rounds = round_x, .accumulates = accumulate, .t = t, .n = n,
                        .k = k};
    int panels = tier->cache / (int)kernel_packed_size(packed_type, 1, between(1, k, K_BLOCK));
    run(pool, &call, tier->multiply, t, n, k,
        (cuts){tier->tile_rows, MULTIPLY_ROWS, PANEL, between(1, panels, 1024) * PANEL});
}

void kernel_matmul_backward_x(kernel_pool *pool, float *dx, int lddx, const float *dy, int lddy, const void *packed,
                              int packed_type, int round_dy, int t, int n, int k) {
    const matmul_tier *tier = tier_of(pool);
    matmul_call call = {.out = dx, .out_stride = lddx, .left = dy, .left_stride = lddy, .packed = (void *)packed,
                        .packed_type = packed_type, .rounds = round_dy, .t = t, .n = n, .k = k};
    int block_rows = between(PANEL, pieces(n, PANEL) * PANEL, N_BLOCK);
    run(pool, &call, tier->backward_x, t, k, n,
        (cuts){tier->tile_rows, BACKWARD_X_ROWS, PANEL, BLOCK_WORDS / block_rows});
}

void kernel_matmul_backward_w(kernel_pool *pool, float *dw, const float *dy, int lddy, const float *x, int ldx,
                              int t, int n, int k) {
    const matmul_tier *tier = tier_of(pool);
    matmul_call call = {.out = dw, .out_stride = k, .left = dy, .left_stride = lddy, .right = x, .right_stride = ldx,
                        .t = t, .n = n, .k = k};
    run(pool, &call, tier->backward_w, n, k, t,
        (cuts){tier->tile_rows, BACKWARD_W_ROWS, PANEL, BLOCK_WORDS / T_BLOCK});
}
