#include "pool.h"
#include <stdlib.h>

/* Placeholder with the caller's thread alone. */
struct kernel_pool {
    int threads;
};

kernel_pool *kernel_pool_create(int threads) {
    if (threads < 1) return NULL;
    kernel_pool *pool = malloc(sizeof *pool);
    if (pool) pool->threads = threads;
    return pool;
}

void kernel_pool_destroy(kernel_pool *pool) { free(pool); }

int kernel_pool_threads(const kernel_pool *pool) { return pool->threads; }

void kernel_pool_run(kernel_pool *pool, void (*task)(void *context, int i), void *context, int count) {
    (void)pool;
    for (int i = 0; i < count; i++) task(context, i);
}
