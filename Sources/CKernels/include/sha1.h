/* SHA-1 (FIPS 180-4), for the names that git gives to contents. It protects against accidents only. */
#ifndef CKERNELS_SHA1_H
#define CKERNELS_SHA1_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint32_t hash[5];
    uint64_t byte_count;
    uint8_t rest[64]; /* bytes of the unfinished block: byte_count % 64 of them */
} kernel_sha1;

void kernel_sha1_start(kernel_sha1 *state);
/* Appends count bytes to the message. Any number of calls; how the message is cut does not matter. */
void kernel_sha1_update(kernel_sha1 *state, const void *bytes, size_t count);
/* digest[20] of the message so far. The state must be started anew afterwards. */
void kernel_sha1_finish(kernel_sha1 *state, uint8_t *digest);

#endif
