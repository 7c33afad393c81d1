#include "tier.h"
#include "matmul_task.h"

static const matmul_tier *const tiers[] = {
#if defined(__x86_64__)
    &matmul_avx512bf16, &matmul_avx512, &matmul_avx2,
#elif defined(__aarch64__)
    &matmul_neonbf16, &matmul_neon,
#endif
    &matmul_portable, &matmul_emulated,
};

int kernel_tier_count(void) { return sizeof tiers / sizeof *tiers; }

const char *kernel_tier_name(int tier) { return tiers[tier]->name; }

int kernel_tier_available(int tier) { return tier >= 0 && tier < kernel_tier_count() && tiers[tier]->available(); }

int kernel_tier_best(void) {
    int tier = 0;
    while (!tiers[tier]->available()) tier++;
    return tier;
}

const matmul_tier *matmul_tier_at(int tier) { return tiers[tier]; }
