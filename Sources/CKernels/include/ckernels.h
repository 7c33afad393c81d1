/* Float kernels of the decoder: every header below is one topic. */
#ifndef CKERNELS_H
#define CKERNELS_H

#include "tier.h"
#include "pool.h"
#include "matmul.h"
#include "measure.h"
#include "vector_math.h"

#endif
