#include "pool.h"
#include "tier.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

typedef void scratch_task(void *context, void *scratch, int i);

typedef struct {
    kernel_pool *pool;
    void *scratch;
    pthread_t thread;
} worker;

/* `state` says it all in one word: the number of the run (high half), whether a thread may still join it (OPEN) and
   how many threads besides the caller are inside (low 31 bits). A run's task, context and count are written while the
   state is closed with nobody inside, and read only by threads that joined, so a thread that wakes late can never mix
   two runs, and the caller never waits for a thread that did not wake at all. */
#define OPEN ((uint64_t)1 << 31)
#define INSIDE (OPEN - 1)

struct kernel_pool {
    _Alignas(64) _Atomic uint64_t state;
    scratch_task *task;
    void *context;
    int count;
    _Alignas(64) _Atomic int64_t next; /* the next i to take; may run past count */
    _Alignas(64) atomic_int sleepers;  /* workers that sleep or are about to, changed under lock */
    atomic_bool caller_sleeps;
    atomic_bool stopping;
    pthread_mutex_t lock;    /* guards the two conditions */
    pthread_cond_t wake;     /* a run has opened, or the pool is stopping */
    pthread_cond_t finished; /* the last thread has left a closed run */
    pthread_mutex_t one_run; /* held for the length of a run */
    int threads;
    int tier;
    bool in_background;
    unsigned char *scratch; /* threads * KERNEL_SCRATCH */
    worker workers[];       /* threads - 1 */
};

static void relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static int64_t nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Products of a decoder follow each other within microseconds: worth waiting for awake, but not for long, for
   someone else may want the core. */
enum { SPIN_NANOSECONDS = 30000, SPINS_PER_LOOK = 16 };

static bool work_waits(kernel_pool *pool, uint64_t seen) {
    uint64_t state = atomic_load(&pool->state);
    return ((state & OPEN) && state >> 32 != seen) || atomic_load(&pool->stopping);
}

static void await_work(kernel_pool *pool, uint64_t seen) {
    int64_t deadline = nanoseconds() + SPIN_NANOSECONDS;
    do {
        for (int i = 0; i < SPINS_PER_LOOK; i++) {
            if (work_waits(pool, seen)) return;
            relax();
        }
    } while (nanoseconds() < deadline);
    /* Sequentially consistent on both sides: either this thread sees the opened run, or the one that opened it sees
       the sleeper and takes the lock to wake it. */
    pthread_mutex_lock(&pool->lock);
    atomic_fetch_add(&pool->sleepers, 1);
    while (!work_waits(pool, seen)) pthread_cond_wait(&pool->wake, &pool->lock);
    atomic_fetch_sub(&pool->sleepers, 1);
    pthread_mutex_unlock(&pool->lock);
}

static void take_tasks(kernel_pool *pool, void *scratch) {
    int64_t i;
    while ((i = atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed)) < pool->count)
        pool->task(pool->context, scratch, (int)i);
}

static void leave(kernel_pool *pool) {
    uint64_t before = atomic_fetch_sub(&pool->state, 1);
    if ((before & INSIDE) == 1 && atomic_load(&pool->caller_sleeps)) {
        pthread_mutex_lock(&pool->lock);
        pthread_cond_signal(&pool->finished);
        pthread_mutex_unlock(&pool->lock);
    }
}

void kernel_thread_to_background(void) {
#if defined(__linux__)
    /* Linux keeps a priority for each thread, 0 being the caller. Refused, nothing changes but the feel. */
    (void)setpriority(PRIO_PROCESS, 0, 5);
#elif defined(__APPLE__)
    (void)pthread_set_qos_class_self_np(QOS_CLASS_UTILITY, 0);
#endif
}

static void *work(void *argument) {
    worker *self = argument;
    kernel_pool *pool = self->pool;
    if (pool->in_background) kernel_thread_to_background();
    uint64_t seen = 0;
    while (!atomic_load(&pool->stopping)) {
        uint64_t state = atomic_load(&pool->state);
        if (!(state & OPEN) || state >> 32 == seen) {
            await_work(pool, seen);
        } else if (atomic_compare_exchange_strong(&pool->state, &state, state + 1)) {
            seen = state >> 32;
            take_tasks(pool, self->scratch);
            leave(pool);
        }
    }
    return NULL;
}

static void await_leavers(kernel_pool *pool) {
    int64_t deadline = nanoseconds() + SPIN_NANOSECONDS;
    do {
        for (int i = 0; i < SPINS_PER_LOOK; i++) {
            if (!(atomic_load(&pool->state) & INSIDE)) return;
            relax();
        }
    } while (nanoseconds() < deadline);
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->caller_sleeps, true);
    while (atomic_load(&pool->state) & INSIDE) pthread_cond_wait(&pool->finished, &pool->lock);
    atomic_store(&pool->caller_sleeps, false);
    pthread_mutex_unlock(&pool->lock);
}

static void share(kernel_pool *pool, scratch_task *task, void *context, int count) {
    pool->task = task;
    pool->context = context;
    pool->count = count;
    atomic_store_explicit(&pool->next, 0, memory_order_relaxed);
    uint64_t run = (atomic_load(&pool->state) >> 32) + 1;
    atomic_store(&pool->state, run << 32 | OPEN);
    if (atomic_load(&pool->sleepers) > 0) {
        pthread_mutex_lock(&pool->lock);
        int wanted = atomic_load(&pool->sleepers);
        if (wanted > count - 1) wanted = count - 1;
        for (int i = 0; i < wanted; i++) pthread_cond_signal(&pool->wake);
        pthread_mutex_unlock(&pool->lock);
    }
    take_tasks(pool, pool->scratch);
    atomic_fetch_and(&pool->state, ~OPEN);
    await_leavers(pool);
}

void kernel_pool_run_with_scratch(kernel_pool *pool, scratch_task *task, void *context, int count) {
    if (count < 1) return;
    pthread_mutex_lock(&pool->one_run);
    if (pool->threads == 1 || count == 1)
        for (int i = 0; i < count; i++) task(context, pool->scratch, i);
    else
        share(pool, task, context, count);
    pthread_mutex_unlock(&pool->one_run);
}

typedef struct {
    void (*task)(void *context, int i);
    void *context;
} plain_task;

static void run_plain(void *context, void *scratch, int i) {
    (void)scratch;
    const plain_task *plain = context;
    plain->task(plain->context, i);
}

void kernel_pool_run(kernel_pool *pool, void (*task)(void *context, int i), void *context, int count) {
    plain_task plain = {task, context};
    kernel_pool_run_with_scratch(pool, run_plain, &plain, count);
}

static kernel_pool *create(int threads, int tier, bool in_background) {
    enum { MOST_THREADS = 1024 };
    if (threads < 1 || threads > MOST_THREADS || !kernel_tier_available(tier)) return NULL;
    size_t size = sizeof(kernel_pool) + (size_t)(threads - 1) * sizeof(worker);
    kernel_pool *pool = aligned_alloc(64, (size + 63) / 64 * 64);
    if (!pool) return NULL;
    *pool = (kernel_pool){.threads = 1, .tier = tier, .in_background = in_background};
    pool->scratch = aligned_alloc(64, (size_t)threads * KERNEL_SCRATCH);
    if (!pool->scratch) {
        free(pool);
        return NULL;
    }
    pthread_mutex_init(&pool->lock, NULL);
    pthread_mutex_init(&pool->one_run, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pthread_cond_init(&pool->finished, NULL);
    /* Signals belong to the program's own threads. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (; pool->threads < threads; pool->threads++) {
        worker *next = &pool->workers[pool->threads - 1];
        *next = (worker){.pool = pool, .scratch = pool->scratch + (size_t)pool->threads * KERNEL_SCRATCH};
        if (pthread_create(&next->thread, NULL, work, next)) break;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (pool->threads < threads) {
        kernel_pool_destroy(pool);
        return NULL;
    }
    return pool;
}

kernel_pool *kernel_pool_create(int threads) { return create(threads, kernel_tier_best(), false); }

kernel_pool *kernel_pool_create_on(int threads, int tier) { return create(threads, tier, false); }

kernel_pool *kernel_pool_create_in_background(int threads, int tier) { return create(threads, tier, true); }

void kernel_pool_destroy(kernel_pool *pool) {
    if (!pool) return;
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->stopping, true);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < pool->threads - 1; i++) pthread_join(pool->workers[i].thread, NULL);
    pthread_cond_destroy(&pool->finished);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->one_run);
    pthread_mutex_destroy(&pool->lock);
    free(pool->scratch);
    free(pool);
}

int kernel_pool_threads(const kernel_pool *pool) { return pool->threads; }

int kernel_pool_tier(const kernel_pool *pool) { return pool->tier; }
