#include "matmul.h"
#include <string.h>

static float widen(const void *w, int type, size_t i) {
    const unsigned char *b = w;
    uint32_t bits;
    float f;
    if (type == KERNEL_F32) {
        memcpy(&f, b + 4 * i, 4);
        return f;
    }
    uint16_t h;
    memcpy(&h, b + 2 * i, 2);
    if (type == KERNEL_BF16) {
        bits = (uint32_t)h << 16;
        memcpy(&f, &bits, 4);
        return f;
    }
    _Float16 half;
    memcpy(&half, &h, 2);
    return (float)half;
}

static uint16_t narrow(float f) {
    uint32_t bits;
    memcpy(&bits, &f, 4);
    if ((bits & 0x7fffffff) > 0x7f800000) return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

size_t kernel_packed_size(int packed_type, int n, int k) {
    size_t panels = ((size_t)n + 63) / 64;
    return packed_type == KERNEL_BF16 ? panels * (((size_t)k + 1) / 2) * 256 : panels * (size_t)k * 256;
}

static size_t slot(int packed_type, int n, int k, int i, int j) {
    (void)n;
    if (packed_type == KERNEL_BF16)
        return (((size_t)(i / 64) * (((size_t)k + 1) / 2) + j / 2) * 64 + i % 64) * 2 + j % 2;
    return ((size_t)(i / 64) * k + j) * 64 + i % 64;
}

void kernel_pack(kernel_pool *pool, void *packed, int packed_type, const void *w, int w_type, int n, int k) {
    (void)pool;
    memset(packed, 0, kernel_packed_size(packed_type, n, k));
    for (int i = 0; i < n; i++)
        for (int j = 0; j < k; j++) {
            float f = widen(w, w_type, (size_t)i * k + j);
            size_t s = slot(packed_type, n, k, i, j);
            if (packed_type == KERNEL_BF16)
                ((uint16_t *)packed)[s] = narrow(f);
            else
                ((float *)packed)[s] = f;
        }
}

void kernel_unpack_row(float *row, const void *packed, int packed_type, int n, int k, int i) {
    for (int j = 0; j < k; j++) row[j] = widen(packed, packed_type, slot(packed_type, n, k, i, j));
}

void kernel_matmul(kernel_pool *pool, float *y, int ldy, const float *x, int ldx, const void *packed,
                   int packed_type, int round_x, int accumulate, int t, int n, int k) {
    (void)pool, (void)round_x;
    for (int r = 0; r < t; r++)
        for (int i = 0; i < n; i++) {
            float sum = 0;
            for (int j = 0; j < k; j++)
                sum += x[(size_t)r * ldx + j] * widen(packed, packed_type, slot(packed_type, n, k, i, j));
            float *out = y + (size_t)r * ldy + i;
            *out = accumulate ? *out + sum : sum;
        }
}

void kernel_matmul_backward_x(kernel_pool *pool, float *dx, int lddx, const float *dy, int lddy, const void *packed,
                              int packed_type, int round_dy, int t, int n, int k) {
    (void)pool, (void)round_dy;
    for (int r = 0; r < t; r++)
        for (int j = 0; j < k; j++) {
            float sum = 0;
            for (int i = 0; i < n; i++)
                sum += dy[(size_t)r * lddy + i] * widen(packed, packed_type, slot(packed_type, n, k, i, j));
            dx[(size_t)r * lddx + j] += sum;
        }
}

void kernel_matmul_backward_w(kernel_pool *pool, float *dw, const float *dy, int lddy, const float *x, int ldx,
                              int t, int n, int k) {
    (void)pool;
    for (int i = 0; i < n; i++)
        for (int r = 0; r < t; r++)
            for (int j = 0; j < k; j++)
                dw[(size_t)i * k + j] += dy[(size_t)r * lddy + i] * x[(size_t)r * ldx + j];
}
