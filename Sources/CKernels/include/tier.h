/* Tiers: the same kernels compiled for different instruction sets, chosen when a pool is created. */
#ifndef CKERNELS_TIER_H
#define CKERNELS_TIER_H

/* Tiers are numbered from 0, on most machines the fastest first; the list is the same on every machine of one
   architecture. The last is for tests: the layout of the bf16 tier with its dot product emulated, slowly. */
int kernel_tier_count(void);
/* "avx512bf16", "avx512", "avx2" on x86-64, "neon-bf16", "neon" on arm64; "portable", "emulated-bf16". */
const char *kernel_tier_name(int tier);
/* Whether this machine has the instructions. */
int kernel_tier_available(int tier);
/* The fastest available one: the first, unless its dot products of bf16 are found to be slower than the float32 of the
   second. Measured once, in less than a millisecond. */
int kernel_tier_best(void);

#endif
