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
#include <stdbool.h>
#include <string.h>

/* Vectors passed between functions that are all inlined here have no ABI to change. */
#pragma clang diagnostic ignored "-Wpsabi"

#define INLINE TARGET static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

typedef float floats __attribute__((vector_size(LANES * 4)));
typedef uint32_t words __attribute__((vector_size(LANES * 4)));
typedef uint32_t words8 __attribute__((vector_size(32)));
typedef uint64_t longs4 __attribute__((vector_size(32)));

enum { LINE = 16 / LANES }; /* vectors in a cache line */

/* Columns of a strip of an unpacked block. */
enum { STRIP = TILE_VECTORS * LANES > 16 ? TILE_VECTORS * LANES : 16 };

INLINE floats load(const void *from) {
    floats v;
    memcpy(&v, from, sizeof v);
    return v;
}

INLINE words8 load8(const void *from) {
    words8 v;
    memcpy(&v, from, sizeof v);
    return v;
}

INLINE void store8(void *to, words8 v) { memcpy(to, &v, sizeof v); }

typedef int8_t bytes __attribute__((vector_size(LANES)));

INLINE floats load_bytes(const int8_t *from) {
    bytes v;
    memcpy(&v, from, sizeof v);
    return __builtin_convertvector(v, floats);
}

INLINE int least(int a, int b) { return a < b ? a : b; }

INLINE int round_up(int a, int unit) { return (a + unit - 1) / unit * unit; }

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

/* The bits of 8 floats, rounded to bf16 (nearest, ties to even) in their upper halves; lower halves are to be ignored.
   A NaN stays one. */
INLINE words8 rounded(words8 bits) {
    words8 nan = (words8)((bits & 0x7fffffff) > 0x7f800000);
    return ((bits + 0x7fff + (bits >> 16 & 1)) & ~nan) | ((bits | 0x400000) & nan);
}

/* 16 floats, in order, as 8 pairs of bf16. */
INLINE words8 paired(words8 low, words8 high) {
    longs4 a = (longs4)rounded(low), b = (longs4)rounded(high);
    a = (a >> 16 & 0xffff) | (a >> 32 & 0xffff0000);
    b = (b >> 16 & 0xffff) | (b >> 32 & 0xffff0000);
    return __builtin_shufflevector((words8)a, (words8)b, 0, 2, 4, 6, 8, 10, 12, 14);
}

/* Swaps rows and columns. */
INLINE void transpose8(words8 m[8]) {
    words8 a[8], b[8];
    UNROLL for (int i = 0; i < 8; i += 2) {
        a[i] = __builtin_shufflevector(m[i], m[i + 1], 0, 8, 2, 10, 4, 12, 6, 14);
        a[i + 1] = __builtin_shufflevector(m[i], m[i + 1], 1, 9, 3, 11, 5, 13, 7, 15);
    }
    UNROLL for (int i = 0; i < 8; i += 4)
        UNROLL for (int j = 0; j < 2; j++) {
            b[i + j] = __builtin_shufflevector(a[i + j], a[i + j + 2], 0, 1, 8, 9, 4, 5, 12, 13);
            b[i + j + 2] = __builtin_shufflevector(a[i + j], a[i + j + 2], 2, 3, 10, 11, 6, 7, 14, 15);
        }
    UNROLL for (int j = 0; j < 4; j++) {
        m[j] = __builtin_shufflevector(b[j], b[j + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        m[j + 4] = __builtin_shufflevector(b[j], b[j + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    }
}

#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)
#define ENTRY(name) JOIN(TIER, name)

/* Packing: 8 rows of w at a time, 8 words (a float, or a pair of bf16) of each. */

/* 8 float16 widened exactly: the exponent is moved by a multiplication, which also normalises small numbers. */
INLINE words8 widened_half(const uint16_t *from) {
    typedef uint16_t halves8 __attribute__((vector_size(16)));
    typedef float floats8 __attribute__((vector_size(32)));
    halves8 halves;
    memcpy(&halves, from, sizeof halves);
    words8 bits = __builtin_convertvector(halves, words8);
    words8 special = (words8)((bits & 0x7c00) == 0x7c00);
    words8 magnitude = (words8)((floats8)((bits & 0x7fff) << 13) * 0x1p112f);
    return (bits & 0x8000) << 16 | magnitude | (special & 0x7f800000);
}

INLINE words8 widened(const int type, const unsigned char *from) {
    if (type == KERNEL_F32) return load8(from);
    uint16_t numbers[8];
    memcpy(numbers, from, sizeof numbers);
    if (type == KERNEL_F16) return widened_half(numbers);
    typedef uint16_t halves8 __attribute__((vector_size(16)));
    halves8 halves;
    memcpy(&halves, numbers, sizeof halves);
    return __builtin_convertvector(halves, words8) << 16;
}

INLINE words8 packed_words(const int packed_type, const int type, const unsigned char *from) {
    if (packed_type == KERNEL_F32) return widened(type, from);
    if (type == KERNEL_BF16) return load8(from);
    return paired(widened(type, from), widened(type, from + (type == KERNEL_F32 ? 32 : 16)));
}

INLINE void pack_panel(const int packed_type, const int type, uint32_t *panel, const unsigned char *w, int rows,
                       int k) {
    const size_t size = type == KERNEL_F32 ? 4 : 2;
    const int numbers = packed_type == KERNEL_F32 ? 8 : 16; /* in 8 words */
    int words_in_row = packed_type == KERNEL_F32 ? k : (k + 1) / 2;
    for (int row = 0; row < PANEL; row += 8)
        for (int word = 0; word < words_in_row; word += 8) {
            int first = word * numbers / 8;
            words8 m[8] = {0};
            if (row + 8 <= rows && first + numbers <= k) {
                UNROLL for (int r = 0; r < 8; r++)
                    m[r] = packed_words(packed_type, type, w + ((size_t)(row + r) * k + first) * size);
            } else {
                for (int r = 0; r < 8 && row + r < rows; r++) {
                    unsigned char edge[64] = {0};
                    memcpy(edge, w + ((size_t)(row + r) * k + first) * size,
                           (size_t)least(numbers, k - first) * size);
                    m[r] = packed_words(packed_type, type, edge);
                }
            }
            transpose8(m);
            for (int i = 0; i < least(8, words_in_row - word); i++)
                store8(panel + (size_t)(word + i) * PANEL + row, m[i]);
        }
}

/* Task i packs panel i. */
TARGET static void ENTRY(pack)(void *context, void *scratch, int i) {
    (void)scratch;
    const matmul_call *call = context;
    size_t row_size = (size_t)call->k * (call->unpacked_type == KERNEL_F32 ? 4 : 2);
    const unsigned char *w = (const unsigned char *)call->unpacked + (size_t)i * PANEL * row_size;
    int rows = least(PANEL, call->n - i * PANEL);
    uint32_t *panel = (uint32_t *)call->packed + (size_t)i * (kernel_packed_size(call->packed_type, 1, call->k) / 4);
#define PACK(P, U)                                                                                                     \
    if (call->packed_type == P && call->unpacked_type == U) pack_panel(P, U, panel, w, rows, call->k)
    PACK(KERNEL_BF16, KERNEL_F32);
    PACK(KERNEL_BF16, KERNEL_BF16);
    PACK(KERNEL_BF16, KERNEL_F16);
    PACK(KERNEL_F32, KERNEL_F32);
    PACK(KERNEL_F32, KERNEL_BF16);
    PACK(KERNEL_F32, KERNEL_F16);
#undef PACK
}

/* to[rows, pairs] = from[rows, count] rounded to pairs of bf16, an odd last one paired with 0. */
#ifdef DOT
TARGET static void round_rows(uint32_t *to, const float *from, ptrdiff_t from_stride, int rows, int count) {
    int pairs = (count + 1) / 2;
    for (int r = 0; r < rows; r++, to += pairs, from += from_stride) {
        int i = 0;
        for (; i + 16 <= count; i += 16) store8(to + i / 2, paired(load8(from + i), load8(from + i + 8)));
        if (i < count) {
            float edge[16] = {0};
            memcpy(edge, from + i, (size_t)(count - i) * 4);
            words8 last = paired(load8(edge), load8(edge + 8));
            memcpy(to + i / 2, &last, (size_t)(pairs - i / 2) * 4);
        }
    }
}
#endif

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

/* The backward product reads w along its other side. A block of it is laid out anew in scratch: strips of STRIP
   columns of k, in each a row for every n (or, for dot products, for every two): rows_in_strip of them. */

/* 8 words of each of the next 8 rows of a panel, 0 beyond the last. */
INLINE void load_rows(words8 m[8], const uint32_t *panel, int rows) {
    if (rows >= 8) {
        UNROLL for (int r = 0; r < 8; r++) m[r] = load8(panel + r * PANEL);
    } else {
        UNROLL for (int r = 0; r < 8; r++) m[r] = r < rows ? load8(panel + r * PANEL) : (words8){0};
    }
}

INLINE void unpack_floats(float *to, const float *panel, int columns, int rows_in_strip) {
    for (int n = 0; n < PANEL; n += 8)
        for (int j = 0; j < columns; j += 8) {
            words8 m[8];
            load_rows(m, (const uint32_t *)panel + (size_t)j * PANEL + n, columns - j);
            transpose8(m);
            float *strip = to + (size_t)(j / STRIP) * rows_in_strip * STRIP + j % STRIP;
            UNROLL for (int r = 0; r < 8; r++) store8(strip + (n + r) * STRIP, m[r]);
        }
}

INLINE void unpack_bytes(float *to, const int8_t *panel, const float *scales, int columns, int rows_in_strip) {
    typedef int8_t bytes8 __attribute__((vector_size(8)));
    typedef float floats8 __attribute__((vector_size(32)));
    for (int n = 0; n < PANEL; n += 8) {
        floats8 scale;
        memcpy(&scale, scales + n, sizeof scale);
        for (int j = 0; j < columns; j += 8) {
            words8 m[8];
            for (int r = 0; r < 8; r++) {
                bytes8 whole = {0};
                if (j + r < columns) memcpy(&whole, panel + (size_t)(j + r) * PANEL + n, sizeof whole);
                m[r] = (words8)(__builtin_convertvector(whole, floats8) * scale);
            }
            transpose8(m);
            float *strip = to + (size_t)(j / STRIP) * rows_in_strip * STRIP + j % STRIP;
            UNROLL for (int r = 0; r < 8; r++) store8(strip + (n + r) * STRIP, m[r]);
        }
    }
}

INLINE void store_alternating(void *to, words8 even, words8 odd) {
    store8(to, __builtin_shufflevector(even, odd, 0, 8, 1, 9, 2, 10, 3, 11));
    store8((uint32_t *)to + 8, __builtin_shufflevector(even, odd, 4, 12, 5, 13, 6, 14, 7, 15));
}

INLINE void unpack_halves(const bool dotted, uint32_t *to, const uint32_t *panel, int columns, int rows_in_strip) {
    int pairs = (columns + 1) / 2;
    for (int n = 0; n < PANEL; n += 8)
        for (int j = 0; j < pairs; j += 8) {
            words8 m[8];
            load_rows(m, panel + (size_t)j * PANEL + n, pairs - j);
            transpose8(m);
            uint32_t *strip = to + (size_t)(2 * j / STRIP) * rows_in_strip * STRIP + 2 * j % STRIP;
            if (dotted) {
                UNROLL for (int r = 0; r < 8; r += 2)
                    store_alternating(strip + (n + r) / 2 * STRIP, (m[r] & 0xffff) | m[r + 1] << 16,
                                      m[r] >> 16 | (m[r + 1] & 0xffff0000));
            } else {
                UNROLL for (int r = 0; r < 8; r++)
                    store_alternating(strip + (n + r) * STRIP, m[r] << 16, m[r] & 0xffff0000);
            }
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
