/* The time, and the CPU time that is used. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

/* CLOCK_MONOTONIC in nanoseconds. */
uint64_t monotonic_ns(void);

/* Microseconds since 1970. */
uint64_t realtime_us(void);

/* The CPU time that this process has used, in nanoseconds: what work costs, however loaded the machine is. */
uint64_t cpu_ns(void);

#endif
