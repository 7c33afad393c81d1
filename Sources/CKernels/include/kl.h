/* Divergence of a student from its teacher, row by row of logits. */
#ifndef CKERNELS_KL_H
#define CKERNELS_KL_H

#include <stdint.h>
#include "pool.h"

/* With p the teacher, q = softmax of the student's logits, T the teacher's top K, S = Σ_T p, t = the teacher's tail:
   TAIL Σ_T p ln(p/q) + t ln(t / (1 - Σ_T q)) · TRUNCATED Σ_T p ln(p/q) · RENORMALISED Σ_T (p/S) ln((p/S)/q) ·
   RENORMALISED_BOTH the same with q / Σ_T q · FULL Σ p ln(p/q) over all tokens · REVERSE_FULL Σ q ln(q/p) ·
   CROSS_ENTROPY -ln q(target). */
enum {
    KERNEL_LOSS_TAIL,
    KERNEL_LOSS_TRUNCATED,
    KERNEL_LOSS_RENORMALISED,
    KERNEL_LOSS_RENORMALISED_BOTH,
    KERNEL_LOSS_FULL,
    KERNEL_LOSS_REVERSE_FULL,
    KERNEL_LOSS_CROSS_ENTROPY
};

/* The most K may be. */
enum { KERNEL_TOP_LIMIT = 1024 };

/* What a row's loss is measured against; pointers that a loss does not need may be NULL. */
typedef struct {
    const int32_t *top_ids;       /* [T, K], distinct, below V */
    const float *top_logprobs;    /* [T, K] */
    const float *tail_log_mass;   /* [T]; -inf drops the tail */
    const float *teacher_logits;  /* [T, V], for FULL and REVERSE_FULL */
    const int32_t *targets;       /* [T], for CROSS_ENTROPY */
    int32_t top_k;                /* K, up to KERNEL_TOP_LIMIT; 0: no top rows, kl is NaN */
} kernel_teacher;

/* loss[T] of each row, and kl[T], which is TAIL whatever the loss is. Sums in double precision.
   d_logits[T, V] = weights[t] · gradient of the row's loss; it may be `logits` itself, or NULL: not wanted. */
void kernel_kl_loss(kernel_pool *pool, double *loss, double *kl, float *d_logits, int kind, const float *logits,
                    const kernel_teacher *teacher, const float *weights, int t, int v);

/* kl[T] = KL(softmax(teacher) ‖ softmax(student)) over all tokens, logits [T, V];
   agree[T] = 1 where both have the same most likely token (the lowest id among equals), else 0. */
void kernel_kl_full(kernel_pool *pool, double *kl, int32_t *agree, const float *teacher_logits,
                    const float *student_logits, int t, int v);

#endif
