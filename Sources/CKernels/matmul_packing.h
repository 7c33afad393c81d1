/* Weights into panels and, along their other side, out of them: part of matmul_template.h. */
#ifndef CKERNELS_MATMUL_PACKING_H
#define CKERNELS_MATMUL_PACKING_H

#include "matmul.h"
#include "matmul_task.h"
#include "matmul_tiles.h"

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

#endif
