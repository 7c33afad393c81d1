/* SHA-256 (FIPS 180-4), for the identities of files. */
#ifndef CKERNELS_SHA256_H
#define CKERNELS_SHA256_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint32_t hash[8];
    uint64_t byte_count;
    uint8_t rest[64]; /* bytes of the unfinished block: byte_count % 64 of them */
    int has_instructions;
} kernel_sha256;

void kernel_sha256_start(kernel_sha256 *state);
/* Appends count bytes to the message. Any number of calls; how the message is cut does not matter. */
void kernel_sha256_update(kernel_sha256 *state, const void *bytes, size_t count);
/* digest[32] of the message so far. The state must be started anew afterwards. */
void kernel_sha256_finish(kernel_sha256 *state, uint8_t *digest);

#endif
