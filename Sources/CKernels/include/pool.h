/* A pool of threads that the kernels split their work over. */
#ifndef CKERNELS_POOL_H
#define CKERNELS_POOL_H

#include <stddef.h>

typedef struct kernel_pool kernel_pool;

/* Bytes of scratch every thread has, aligned to 64. */
enum { KERNEL_SCRATCH = 1 << 20 };

/* Starts `threads` - 1 threads (the caller is the remaining one) whose kernels run on the machine's best tier.
   NULL when threads < 1 or out of resources. Does not survive a fork. */
kernel_pool *kernel_pool_create(int threads);
/* The same with a tier (tier.h), which must be available. */
kernel_pool *kernel_pool_create_on(int threads, int tier);
/* The same with threads that let others of the machine go first; the caller's own is left alone. */
kernel_pool *kernel_pool_create_in_background(int threads, int tier);
/* Lets other threads of the machine go before the calling one from now on. */
void kernel_thread_to_background(void);
/* No run may be under way. NULL is allowed. */
void kernel_pool_destroy(kernel_pool *pool);
int kernel_pool_threads(const kernel_pool *pool);
int kernel_pool_tier(const kernel_pool *pool);

/* Calls task(context, i) once for every i in 0..<count, on all threads, and returns when all are done.
   Which thread takes which i is not fixed: a task's result must not depend on it. Calls from several threads wait
   for each other; never call it from inside a task. Waiting threads spin for some tens of microseconds, then sleep. */
void kernel_pool_run(kernel_pool *pool, void (*task)(void *context, int i), void *context, int count);

/* The same for tasks that need memory: scratch is KERNEL_SCRATCH bytes of the thread's own, with anything in them. */
void kernel_pool_run_with_scratch(kernel_pool *pool, void (*task)(void *context, void *scratch, int i), void *context,
                                  int count);

#endif
