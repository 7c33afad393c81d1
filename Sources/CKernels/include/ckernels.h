/* Float kernels of the decoder: every header below is one topic. */
#ifndef CKERNELS_H
#define CKERNELS_H

#include "pool.h"
#include "matmul.h"
#include "sha256.h"

#endif
