#include "measure.h"
#include "matmul_task.h"
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

typedef struct {
    const matmul_tier *tier;
    int type;
    int threads;
    double seconds;
    atomic_int arrived;
    _Atomic uint64_t operations_per_second; /* of all threads */
} peak_measurement;

static void measure_peak(void *context, int i) {
    (void)i;
    peak_measurement *m = context;
    /* All threads at once, for together they may be slower: nobody takes a second turn before all have one. */
    atomic_fetch_add(&m->arrived, 1);
    while (atomic_load(&m->arrived) < m->threads) sched_yield();
    double best = 0, start = seconds_now(), before = start, now = start;
    do {
        double operations = m->tier->peak(m->type, 100000);
        now = seconds_now();
        if (now > before && operations / (now - before) > best) best = operations / (now - before);
        before = now;
    } while (now - start < m->seconds);
    atomic_fetch_add(&m->operations_per_second, (uint64_t)best);
}

double kernel_measure_peak(kernel_pool *pool, int type, double seconds) {
    int threads = kernel_pool_threads(pool);
    peak_measurement m = {.tier = matmul_tier_at(kernel_pool_tier(pool)), .type = type, .threads = threads,
                          .seconds = seconds};
    kernel_pool_run(pool, measure_peak, &m, threads);
    return (double)m.operations_per_second;
}

enum { READ_PIECE = 1 << 20 };

typedef struct {
    const unsigned char *memory;
    atomic_uint_fast64_t sum; /* so that nothing is read in vain */
} read_measurement;

static void read_piece(void *context, int i) {
    typedef uint64_t longs __attribute__((vector_size(16)));
    read_measurement *m = context;
    const unsigned char *from = m->memory + (size_t)i * READ_PIECE;
    longs sum[8] = {{0}};
    for (size_t at = 0; at < READ_PIECE; at += sizeof sum) {
        longs piece[8];
        memcpy(piece, from + at, sizeof piece);
        for (int j = 0; j < 8; j++) sum[j] ^= piece[j];
    }
    uint64_t all = 0;
    for (int j = 0; j < 8; j++) all ^= sum[j][0] ^ sum[j][1];
    atomic_fetch_add(&m->sum, all);
}

double kernel_measure_read_bandwidth(kernel_pool *pool, size_t bytes) {
    int pieces = (int)(bytes / READ_PIECE);
    if (pieces < 1) return 0;
    unsigned char *memory = malloc((size_t)pieces * READ_PIECE);
    if (!memory) return 0;
    memset(memory, 1, (size_t)pieces * READ_PIECE);
    read_measurement m = {.memory = memory};
    double best = 0;
    for (int pass = 0; pass < 8; pass++) {
        double start = seconds_now();
        kernel_pool_run(pool, read_piece, &m, pieces);
        double rate = (double)pieces * READ_PIECE / (seconds_now() - start);
        if (rate > best) best = rate;
    }
    free(memory);
    return best;
}
