/* The matrix products of one tier. Included once per tier, after these macros:
     TIER         name of the tier's entry in matmul_task.h
     TIER_NAME    its name as a string
     AVAILABLE    expression: whether the machine has the instructions
     TARGET       attribute of every function
     LANES        floats in a vector
     TILE_ROWS    rows of a tile's accumulators, at most 6
     TILE_VECTORS vectors in a row of a full tile: 2 or 4
     CACHE        bytes of weights that a task may keep in the second cache
     DOT          DOT(acc, b, a) = acc + the dot products of the pairs of bf16 in b and a; absent without such
   Vectors are the compiler's generic ones; bits of the same row agree in every tile shape because each element has one
   accumulator that adds its products in the order of the reduction. */
#include "matmul.h"
#include "matmul_task.h"
#include "matmul_packing.h"
#include "matmul_tiles.h"

/* The piece of out that task i computes. */
typedef struct {
    int row, rows, column, columns;
} span;

INLINE span task_span(const matmul_call *call, int i, int row_count, int column_count) {
    int row = i % call->row_tasks * call->row_step, column = i / call->row_tasks * call->column_step;
    return (span){row, least(call->row_step, row_count - row), column, least(call->column_step, column_count - column)};
}

/* Sums of whole weights, times the scale of each column. */
TARGET static void multiply_bytes(const matmul_call *call, float *sums, span span) {
    const size_t panel_size = kernel_packed_size(KERNEL_I8, 1, call->k);
    for (int column = span.column; column < span.column + span.columns; column += PANEL) {
        const int8_t *panel = (const int8_t *)call->packed + column / PANEL * panel_size;
        const float *scales = (const float *)(panel + (size_t)call->k * PANEL);
        for (int k = 0; k == 0 || k < call->k; k += K_BLOCK)
            for (int r = 0; r < span.rows; r += TILE_ROWS) {
                operands o = {.a = call->left + (span.row + r) * call->left_stride + k, .a_row = call->left_stride,
                              .b = panel + (size_t)k * PANEL, .count = least(K_BLOCK, call->k - k)};
                bytes_strip(least(TILE_ROWS, span.rows - r), PANEL, sums + r * PANEL, PANEL, k == 0, &o);
            }
        for (int r = 0; r < span.rows; r++) {
            float *out = call->out + (span.row + r) * call->out_stride + column;
            for (int c = 0; c < least(PANEL, call->n - column); c++)
                out[c] = (call->accumulates ? out[c] : 0) + sums[r * PANEL + c] * scales[c];
        }
    }
}

TARGET static void ENTRY(multiply)(void *context, void *scratch, int i) {
    const matmul_call *call = context;
    const span span = task_span(call, i, call->t, call->n);
    if (call->packed_type == KERNEL_I8) {
        multiply_bytes(call, scratch, span);
        return;
    }
    const bool halves = call->packed_type == KERNEL_BF16;
    const size_t panel_words = kernel_packed_size(call->packed_type, 1, call->k) / 4;
    strip_of *strip = halves ? widened_strip : plain_strip;
    for (int k0 = 0; k0 == 0 || k0 < call->k; k0 += K_BLOCK) {
        int count = least(K_BLOCK, call->k - k0);
        bool fresh = k0 == 0 && !call->accumulates;
        operands o = {.a = call->left + span.row * call->left_stride + k0, .a_row = call->left_stride, .a_step = 1,
                      .b_step = PANEL, .count = count};
#ifdef DOT
        if (halves && call->rounds) {
            strip = dotted_strip;
            round_rows(scratch, o.a, o.a_row, span.rows, count);
            o.a = scratch;
            o.count = (count + 1) / 2;
            o.a_row = o.count;
        }
#endif
        o.b = (const uint32_t *)call->packed + span.column / PANEL * panel_words +
              (size_t)(halves ? k0 / 2 : k0) * PANEL;
        multiply_blocks(strip, span.rows, span.columns, PANEL, panel_words,
                        call->out + span.row * call->out_stride + span.column, call->out_stride, fresh, o);
    }
}

TARGET static void ENTRY(backward_x)(void *context, void *scratch, int i) {
    const matmul_call *call = context;
    const span span = task_span(call, i, call->t, call->k);
    const bool halves = call->packed_type == KERNEL_BF16;
    const size_t panel_words = kernel_packed_size(call->packed_type, 1, call->k) / 4;
    const int block_rows = least(N_BLOCK, round_up(call->n, PANEL));
    uint32_t *block = scratch; /* BLOCK_WORDS */
    for (int n0 = 0; n0 < call->n; n0 += N_BLOCK) {
        strip_of *strip = plain_strip;
        int count = least(N_BLOCK, call->n - n0), rows_in_strip = block_rows;
        operands o = {.a = call->left + span.row * call->left_stride + n0, .a_row = call->left_stride, .a_step = 1,
                      .b_step = STRIP, .count = count};
        bool dotted = false;
#ifdef DOT
        if (halves && call->rounds) {
            dotted = true;
            strip = dotted_strip;
            uint32_t *pairs = block + BLOCK_WORDS; /* up to BACKWARD_X_ROWS * N_BLOCK / 2 */
            round_rows(pairs, o.a, o.a_row, span.rows, count);
            o.a = pairs;
            o.count = (count + 1) / 2;
            o.a_row = o.count;
            rows_in_strip = block_rows / 2;
        }
#endif
        for (int n = 0; n < count; n += PANEL) {
            const uint32_t *start = (const uint32_t *)call->packed + (size_t)(n0 + n) / PANEL * panel_words,
                           *panel = start + (size_t)(halves ? span.column / 2 : span.column) * PANEL;
            if (call->packed_type == KERNEL_I8)
                unpack_bytes((float *)block + n * STRIP, (const int8_t *)start + (size_t)span.column * PANEL,
                             (const float *)((const int8_t *)start + (size_t)call->k * PANEL), span.columns,
                             rows_in_strip);
            else if (!halves)
                unpack_floats((float *)block + n * STRIP, (const float *)panel, span.columns, rows_in_strip);
            else if (dotted)
                unpack_halves(true, block + n / 2 * STRIP, panel, span.columns, rows_in_strip);
            else
                unpack_halves(false, block + n * STRIP, panel, span.columns, rows_in_strip);
        }
        o.b = block;
        multiply_near_blocks(strip, span.rows, span.columns, STRIP, (size_t)rows_in_strip * STRIP,
                             call->out + span.row * call->out_stride + span.column, call->out_stride, false, o);
    }
}

/* Here the rows of out are rows of w. Both inputs are gathered first: taken in place, every step of t would be a
   stride away from the last. */
TARGET static void ENTRY(backward_w)(void *context, void *scratch, int i) {
    const matmul_call *call = context;
    const span span = task_span(call, i, call->n, call->k);
    float *x = scratch;         /* strips of [T_BLOCK, STRIP], BLOCK_WORDS together */
    float *dy = x + BLOCK_WORDS; /* [T_BLOCK, span.rows] */
    for (int t0 = 0; t0 < call->t; t0 += T_BLOCK) {
        int count = least(T_BLOCK, call->t - t0);
        for (int t = 0; t < count; t++) {
            const float *from = call->right + (t0 + t) * call->right_stride + span.column;
            for (int column = 0; column < span.columns; column += STRIP) {
                float *to = x + column * T_BLOCK + t * STRIP;
                if (column + STRIP <= span.columns)
                    memcpy(to, from + column, STRIP * 4);
                else
                    memcpy(to, from + column, (size_t)(span.columns - column) * 4);
            }
            memcpy(dy + t * span.rows, call->left + (t0 + t) * call->left_stride + span.row, (size_t)span.rows * 4);
        }
        operands o = {.a = dy, .a_row = 1, .a_step = span.rows, .b = x, .b_step = STRIP, .count = count};
        multiply_near_blocks(plain_strip, span.rows, span.columns, STRIP, T_BLOCK * STRIP,
                             call->out + span.row * call->out_stride + span.column, call->out_stride, false, o);
    }
}

/* As many sums as a full tile has, so that the latency is hidden just as well. */
TARGET static double ENTRY(peak)(int packed_type, long rounds) {
    floats sum[TILE_ROWS][TILE_VECTORS] = {{{0}}};
    volatile float one = 1;
    words ones = (words)((floats){0} + one);
    volatile float sink;
    double operations = 2.0 * TILE_ROWS * TILE_VECTORS * LANES * (double)rounds;
    if (packed_type == KERNEL_F32) {
        for (long i = 0; i < rounds; i++)
            UNROLL for (int r = 0; r < TILE_ROWS; r++)
                UNROLL for (int v = 0; v < TILE_VECTORS; v++) sum[r][v] += (floats)ones * (floats)ones;
    } else {
#ifdef DOT
        operations *= 2;
        for (long i = 0; i < rounds; i++)
            UNROLL for (int r = 0; r < TILE_ROWS; r++)
                UNROLL for (int v = 0; v < TILE_VECTORS; v++) sum[r][v] = DOT(sum[r][v], ones, ones);
#else
        operations = 0;
#endif
    }
    UNROLL for (int r = 0; r < TILE_ROWS; r++)
        UNROLL for (int v = 0; v < TILE_VECTORS; v++) sink = sum[r][v][0];
    (void)sink;
    return operations;
}

static int ENTRY(available)(void) { return AVAILABLE; }

const matmul_tier JOIN(matmul, TIER) = {
    TIER_NAME,         ENTRY(available), ENTRY(pack), ENTRY(multiply), ENTRY(backward_x), ENTRY(backward_w),
    ENTRY(peak),       TILE_ROWS,        CACHE,
};
