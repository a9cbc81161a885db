/* What time it is, and what it costs. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

/* CLOCK_MONOTONIC in nanoseconds. */
uint64_t monotonic_ns(void);

/* The CPU time that this process has used, in nanoseconds: what something costs us, however loaded the machine is. */
uint64_t cpu_ns(void);

#endif
