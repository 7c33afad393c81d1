/* What the tiers of the matrix products share: the shape of a call and the entry points of a tier. */
#ifndef CKERNELS_MATMUL_TASK_H
#define CKERNELS_MATMUL_TASK_H

#include <stddef.h>
#include <stdint.h>

/* PANEL rows of w lie side by side in a panel. K_BLOCK inputs of a product are multiplied at a time, so that they and
   a panel's weights stay in the caches; the sums wait in y meanwhile, which changes no bit. N_BLOCK and T_BLOCK are
   the same for the reductions of the two backward products, which lay out BLOCK_WORDS anew in scratch at a time. Their
   tasks, like those of the product, have at most so many rows. */
enum {
    PANEL = 64,
    K_BLOCK = 1024,
    N_BLOCK = 512,
    T_BLOCK = 128,
    BLOCK_WORDS = 1 << 15,
    MULTIPLY_ROWS = 96,
    BACKWARD_X_ROWS = 498,
    BACKWARD_W_ROWS = 192,
};

/* One call. Task i computes the rows and column blocks that task_span finds. */
typedef struct {
    float *out; /* y, dx or dw */
    ptrdiff_t out_stride;
    const float *left; /* x, dy, dy */
    ptrdiff_t left_stride;
    const float *right; /* x of the weight gradient */
    ptrdiff_t right_stride;
    void *packed;
    int packed_type;
    const void *unpacked; /* what kernel_pack reads */
    int unpacked_type;
    int rounds;
    int accumulates;
    int t, n, k;
    int row_step, row_tasks; /* rows of out that a task takes, and how many such pieces there are */
    int column_step;         /* columns of out that a task takes */
} matmul_call;

typedef void matmul_task(void *call, void *scratch, int i);

typedef struct {
    const char *name;
    int (*available)(void);
    matmul_task *pack, *multiply, *backward_x, *backward_w;
    /* Repeats `rounds` times a loop of products in registers: how many operations (2 per multiplication and addition)
       that took, for fp32 or, where the tier has them, bf16 dot products (0 where not). */
    double (*peak)(int packed_type, long rounds);
    int tile_rows; /* row_step is a multiple */
    int cache;     /* bytes of weights that a task may keep in the second cache */
} matmul_tier;

extern const matmul_tier matmul_avx512bf16, matmul_avx512, matmul_avx2, matmul_neonbf16, matmul_neon, matmul_portable,
    matmul_emulated;

/* The tier numbered so. */
const matmul_tier *matmul_tier_at(int tier);

#endif
