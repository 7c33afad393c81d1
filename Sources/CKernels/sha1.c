#include "sha1.h"
#include <string.h>

static uint32_t rotate(uint32_t x, int count) { return x << count | x >> (32 - count); }

static void blocks(uint32_t hash[5], const uint8_t *bytes, size_t block_count) {
    for (; block_count > 0; block_count--, bytes += 64) {
        uint32_t w[80];
        for (int i = 0; i < 16; i++)
            w[i] = (uint32_t)bytes[4 * i] << 24 | (uint32_t)bytes[4 * i + 1] << 16 | (uint32_t)bytes[4 * i + 2] << 8 |
                   bytes[4 * i + 3];
        for (int i = 16; i < 80; i++) w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
        uint32_t a = hash[0], b = hash[1], c = hash[2], d = hash[3], e = hash[4];
        for (int i = 0; i < 80; i++) {
            uint32_t mixed, constant;
            if (i < 20)
                mixed = (b & c) | (~b & d), constant = 0x5a827999;
            else if (i < 40)
                mixed = b ^ c ^ d, constant = 0x6ed9eba1;
            else if (i < 60)
                mixed = (b & c) | (b & d) | (c & d), constant = 0x8f1bbcdc;
            else
                mixed = b ^ c ^ d, constant = 0xca62c1d6;
            uint32_t next = rotate(a, 5) + mixed + e + constant + w[i];
            e = d, d = c, c = rotate(b, 30), b = a, a = next;
        }
        hash[0] += a, hash[1] += b, hash[2] += c, hash[3] += d, hash[4] += e;
    }
}

void kernel_sha1_start(kernel_sha1 *state) {
    static const uint32_t hash[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    memcpy(state->hash, hash, sizeof hash);
    state->byte_count = 0;
}

void kernel_sha1_update(kernel_sha1 *state, const void *bytes, size_t count) {
    if (count == 0) return;
    const uint8_t *next = bytes;
    size_t used = state->byte_count % 64;
    state->byte_count += count;
    if (used > 0) {
        size_t taken = count < 64 - used ? count : 64 - used;
        memcpy(state->rest + used, next, taken);
        if (used + taken < 64) return;
        blocks(state->hash, state->rest, 1);
        next += taken, count -= taken;
    }
    blocks(state->hash, next, count / 64);
    memcpy(state->rest, next + count / 64 * 64, count % 64);
}

void kernel_sha1_finish(kernel_sha1 *state, uint8_t *digest) {
    uint64_t bit_count = 8 * state->byte_count;
    uint8_t end[72] = {0x80};
    /* Zeros until eight bytes of the last block remain. */
    size_t zeros = (64 + 55 - state->byte_count % 64) % 64;
    for (int i = 0; i < 8; i++) end[1 + zeros + i] = (uint8_t)(bit_count >> (56 - 8 * i));
    kernel_sha1_update(state, end, 1 + zeros + 8);
    for (int i = 0; i < 20; i++) digest[i] = (uint8_t)(state->hash[i / 4] >> (24 - 8 * (i % 4)));
}
