/* Whether a sandbox can be had here. */
#ifndef POSSIBLE_H
#define POSSIBLE_H

#include "sandbox/filter.h"

/* Whether the kernel lets us have a listener, and /proc shows us those that it will tell of. */
enum filter_trial sandbox_try(void);

/* What that errno means, for people. */
const char *sandbox_why_not(int error);

#endif
