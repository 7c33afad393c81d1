/* Products of tiles that are summed in registers: part of matmul_template.h. */
#ifndef CKERNELS_MATMUL_TILES_H
#define CKERNELS_MATMUL_TILES_H

#include <stdbool.h>
#include "matmul_task.h"
#include "matmul_vectors.h"

/* The two sides of a product, as a tile reads them. i counts the reduction: floats, or pairs of bf16 for a dot. */
typedef struct {
    const void *a; /* a(r, i) at r * a_row + i * a_step */
    ptrdiff_t a_row, a_step;
    const void *b; /* a row of the tile's columns for each i, b_step apart */
    ptrdiff_t b_step;
    int count;
    ptrdiff_t ahead; /* words from b to what is wanted in the second cache next, b_step apart as well; 0 for nothing */
} operands;

/* PLAIN: a and b are floats. WIDENED: a floats, b pairs of bf16, which take two numbers of a each (count counts
   numbers; a_step is 1). DOTTED: both pairs of bf16. BYTES: a floats, b whole numbers of one byte, whose rows follow one
   another. Strides count words of 4 bytes. */
typedef enum { PLAIN, WIDENED, DOTTED, BYTES } operand_kind;

/* c[rows, vectors] (+)= a · b: rows and vectors are constants where this is inlined. */
INLINE void tile(const operand_kind kind, const int rows, const int vectors, float *c, ptrdiff_t c_row, bool fresh,
                 const operands *o) {
    floats sum[6][16];
    UNROLL for (int r = 0; r < rows; r++)
        UNROLL for (int v = 0; v < vectors; v++)
            sum[r][v] = fresh ? (floats){0} : load(c + r * c_row + v * LANES);

    /* Registers hold the sums and the shorter of the two sides. */
#define PRODUCTS(WEIGHTS, A, SUM)                                                                                      \
    if (rows < vectors) {                                                                                              \
        UNROLL for (int v = 0; v < vectors; v++) {                                                                     \
            words weights = (words)load(b + v * LANES);                                                                \
            UNROLL for (int r = 0; r < rows; r++) sum[r][v] = SUM(sum[r][v], WEIGHTS, A);                              \
        }                                                                                                              \
    } else {                                                                                                           \
        words side[8];                                                                                                 \
        UNROLL for (int v = 0; v < vectors; v++) {                                                                     \
            words weights = (words)load(b + v * LANES);                                                                \
            side[v] = WEIGHTS;                                                                                         \
        }                                                                                                              \
        UNROLL for (int r = 0; r < rows; r++)                                                                          \
            UNROLL for (int v = 0; v < vectors; v++) sum[r][v] = SUM(sum[r][v], side[v], A);                           \
    }
    /* Tiles that take a part of every row of a panel leave gaps that the machine does not see through by itself. */
#define FETCH_AHEAD(DISTANCE)                                                                                          \
    if (vectors * LANES < PANEL)                                                                                       \
        UNROLL for (int v = 0; v < vectors; v += LINE) __builtin_prefetch(b + DISTANCE * o->b_step + v * LANES);       \
    else                                                                                                               \
        __builtin_prefetch(b + ahead, 0, 2);
#define FUSED(SUM, W, A) SUM + (floats)(W) * A
    const uint32_t *b = o->b;
    const ptrdiff_t ahead = o->ahead;
    if (kind == PLAIN) {
        const float *a = o->a;
        for (int i = o->count; i > 0; i--, a += o->a_step, b += o->b_step) {
            FETCH_AHEAD(96)
            PRODUCTS(weights, a[r * o->a_row], FUSED)
        }
    } else if (kind == WIDENED) {
        const float *a = o->a;
        for (int i = o->count; i > 1; i -= 2, a += 2, b += o->b_step) {
            FETCH_AHEAD(48)
            PRODUCTS(weights << 16, a[r * o->a_row], FUSED)
            /* Read the pairs again: kept in registers, they would push sums out. */
            __asm__("" : "+r"(b));
#if defined(__aarch64__) && LANES == 4
            /* And not before every sum is there: a full tile has no register for a pair that comes early. */
            UNROLL for (int r = 0; r < rows; r++)
                UNROLL for (int v = 0; v < vectors; v++) __asm__("" : "+r"(b) : "w"(sum[r][v]));
#endif
            PRODUCTS(weights & 0xffff0000, a[r * o->a_row + 1], FUSED)
        }
        if (o->count % 2) {
            PRODUCTS(weights << 16, a[r * o->a_row], FUSED)
        }
    } else if (kind == BYTES) {
        const float *a = o->a;
        const int8_t *row = o->b;
        for (int i = o->count; i > 0; i--, a++, row += PANEL)
            UNROLL for (int v = 0; v < vectors; v++) {
                floats weights = load_bytes(row + v * LANES);
                UNROLL for (int r = 0; r < rows; r++) sum[r][v] += weights * a[r * o->a_row];
            }
    } else {
#ifdef DOT
        const uint32_t *a = o->a;
        for (int i = o->count; i > 0; i--, a++, b += o->b_step) {
            FETCH_AHEAD(48)
            PRODUCTS(weights, (words){0} + a[r * o->a_row], DOT)
        }
#endif
    }
#undef FETCH_AHEAD
#undef FUSED
#undef PRODUCTS

    UNROLL for (int r = 0; r < rows; r++)
        UNROLL for (int v = 0; v < vectors; v++) memcpy(c + r * c_row + v * LANES, &sum[r][v], sizeof(floats));
}

/* Few rows need more vectors to keep enough sums going at once, where those of a full tile are not a panel. */
INLINE int widest(int rows) {
    if (TILE_VECTORS * LANES == PANEL) return TILE_VECTORS;
    return rows == 1 ? TILE_VECTORS * 4 : rows == 2 ? TILE_VECTORS * 2 : TILE_VECTORS;
}

enum { NARROWEST = TILE_VECTORS == 4 ? 1 : 2 };

INLINE void tile_of(const operand_kind kind, int rows, int vectors, float *c, ptrdiff_t c_row, bool fresh,
                    const operands *o) {
#define SHAPE(R, V)                                                                                                    \
    case R * 16 + V:                                                                                                   \
        tile(kind, R, V, c, c_row, fresh, o);                                                                          \
        break;
    switch (rows * 16 + vectors) {
#if TILE_VECTORS == 4
#if LANES < 16
        SHAPE(1, 16) SHAPE(1, 8) SHAPE(2, 8)
#endif
        SHAPE(1, 4) SHAPE(2, 4) SHAPE(3, 4) SHAPE(4, 4) SHAPE(5, 4) SHAPE(6, 4)
        SHAPE(1, 1) SHAPE(2, 1) SHAPE(3, 1) SHAPE(4, 1) SHAPE(5, 1) SHAPE(6, 1)
#else
        SHAPE(1, 8) SHAPE(1, 4) SHAPE(2, 4)
#endif
        SHAPE(1, 2) SHAPE(2, 2) SHAPE(3, 2) SHAPE(4, 2) SHAPE(5, 2) SHAPE(6, 2)
    }
#undef SHAPE
}

/* c[rows, columns] (+)= a · b for any columns that b has, in as few vectors as cover them. */
INLINE void strip(const operand_kind kind, int rows, int columns, float *c, ptrdiff_t c_row, bool fresh, operands o) {
    while (columns > 0) {
        int needed = (columns + LANES - 1) / LANES, vectors = widest(rows);
        while (vectors > NARROWEST && needed <= vectors / 2) vectors /= 2;
        int width = vectors * LANES;
        if (width <= columns) {
            tile_of(kind, rows, vectors, c, c_row, fresh, &o);
        } else {
            float edge[6 * PANEL] = {0};
            if (!fresh)
                for (int r = 0; r < rows; r++) memcpy(edge + r * PANEL, c + r * c_row, (size_t)columns * 4);
            tile_of(kind, rows, vectors, edge, PANEL, fresh, &o);
            for (int r = 0; r < rows; r++) memcpy(c + r * c_row, edge + r * PANEL, (size_t)columns * 4);
        }
        c += width;
        o.b = (const char *)o.b + width * (kind == BYTES ? 1 : 4);
        columns -= width;
    }
}

/* One copy of the tiles per kind, not one per caller. */
TARGET static void plain_strip(int rows, int columns, float *c, ptrdiff_t c_row, bool fresh, const operands *o) {
    strip(PLAIN, rows, columns, c, c_row, fresh, *o);
}

TARGET static void widened_strip(int rows, int columns, float *c, ptrdiff_t c_row, bool fresh, const operands *o) {
    strip(WIDENED, rows, columns, c, c_row, fresh, *o);
}

TARGET static void bytes_strip(int rows, int columns, float *c, ptrdiff_t c_row, bool fresh, const operands *o) {
    strip(BYTES, rows, columns, c, c_row, fresh, *o);
}

#ifdef DOT
TARGET static void dotted_strip(int rows, int columns, float *c, ptrdiff_t c_row, bool fresh, const operands *o) {
    strip(DOTTED, rows, columns, c, c_row, fresh, *o);
}
#endif

typedef void strip_of(int rows, int columns, float *c, ptrdiff_t c_row, bool fresh, const operands *o);

/* c[rows, columns] (+)= a · b, where b lies in blocks of `width` columns, block_step words apart. A block stays in the
   second cache for all rows, which meanwhile bring the next one there, a line in LINES each. */
TARGET static void multiply_blocks(strip_of *strip, int rows, int columns, int width, size_t block_step, float *c,
                                   ptrdiff_t c_row, bool fresh, operands o) {
    enum { LINES = PANEL / 16 };
    const void *a = o.a;
    for (int column = 0; column < columns; column += width) {
        o.a = a;
        for (int r = 0; r < rows; r += TILE_ROWS) {
            if (rows > TILE_ROWS) o.ahead = (ptrdiff_t)block_step + r / TILE_ROWS % LINES * 16;
            strip(least(TILE_ROWS, rows - r), least(width, columns - column), c + r * c_row + column, c_row, fresh, &o);
            o.a = (const float *)o.a + TILE_ROWS * o.a_row;
        }
        o.b = (const uint32_t *)o.b + block_step;
    }
}

/* The same where all blocks are in the second cache: c is walked through as it lies. */
TARGET static void multiply_near_blocks(strip_of *strip, int rows, int columns, int width, size_t block_step, float *c,
                                        ptrdiff_t c_row, bool fresh, operands o) {
    const uint32_t *b = o.b;
    for (int r = 0; r < rows; r += TILE_ROWS) {
        for (int column = 0; column < columns; column += width) {
            o.b = b + column / width * block_step;
            strip(least(TILE_ROWS, rows - r), least(width, columns - column), c + r * c_row + column, c_row, fresh, &o);
        }
        o.a = (const float *)o.a + TILE_ROWS * o.a_row;
    }
}

#endif
