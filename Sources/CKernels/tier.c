#include "tier.h"
#include "matmul.h"
#include "matmul_task.h"
#include <stdatomic.h>
#include <time.h>

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

/* Operations per second, best of several short runs of both kinds in turn: dot products of bf16 of one tier, float32 of
   another. */
static void compare(const matmul_tier *dots, const matmul_tier *floats, double rates[2]) {
    enum { RUNS = 20, ROUNDS = 500 };
    const matmul_tier *const both[] = {dots, floats};
    const int types[] = {KERNEL_BF16, KERNEL_F32};
    rates[0] = rates[1] = 0;
    for (int i = 0; i < 2 * RUNS; i++) {
        struct timespec start, end;
        clock_gettime(CLOCK_MONOTONIC, &start);
        double operations = both[i % 2]->peak(types[i % 2], ROUNDS);
        clock_gettime(CLOCK_MONOTONIC, &end);
        double time = (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec);
        if (time > 0 && operations / time > rates[i % 2]) rates[i % 2] = operations / time;
    }
}

int kernel_tier_best(void) {
    static atomic_int known = -1;
    int tier = atomic_load(&known);
    if (tier >= 0) return tier;
    tier = 0;
    while (!tiers[tier]->available()) tier++;
    /* Some machines have dot products of bf16 at half the speed of float32: no reason to round. */
    if (kernel_tier_available(tier + 1)) {
        double rates[2];
        compare(tiers[tier], tiers[tier + 1], rates);
        if (rates[0] > 0 && rates[0] < rates[1]) tier++;
    }
    atomic_store(&known, tier);
    return tier;
}

const matmul_tier *matmul_tier_at(int tier) { return tiers[tier]; }
