/* Float kernels of the decoder: every header below is one topic. */
#ifndef CKERNELS_H
#define CKERNELS_H

#include "adamw.h"
#include "attention.h"
#include "kl.h"
#include "matmul.h"
#include "measure.h"
#include "pool.h"
#include "rmsnorm.h"
#include "rope.h"
#include "rows.h"
#include "sampling.h"
#include "sha1.h"
#include "sha256.h"
#include "swiglu.h"
#include "tier.h"

#endif
