/* A pool of threads that the kernels split their work over. */
#ifndef CKERNELS_POOL_H
#define CKERNELS_POOL_H

#include <stddef.h>

typedef struct kernel_pool kernel_pool;

/* Starts `threads` - 1 threads (the caller is the remaining one). NULL when threads < 1 or out of resources. */
kernel_pool *kernel_pool_create(int threads);
void kernel_pool_destroy(kernel_pool *pool);
int kernel_pool_threads(const kernel_pool *pool);

/* Calls task(context, i) once for every i in 0..<count, on all threads, and returns when all are done.
   Which thread takes which i is not fixed: a task's result must not depend on it. One run at a time per pool;
   never call it from inside a task. Waiting threads spin for some tens of microseconds, then sleep. */
void kernel_pool_run(kernel_pool *pool, void (*task)(void *context, int i), void *context, int count);

#endif
