#include "ground/clock.h"

#include <limits.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* False if the time can't be read. */
static bool read_clock(clockid_t clock, struct timespec *now)
{
#if defined SYS_clock_gettime && LONG_MAX > INT_MAX
	/* The system call: reading the vdso for the first time takes longer, and two pages. */
	return syscall(SYS_clock_gettime, clock, now) >= 0;
#else
	return clock_gettime(clock, now) >= 0;
#endif
}

uint64_t monotonic_ns(void)
{
	struct timespec now;

	return read_clock(CLOCK_MONOTONIC, &now) ? (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec : 0;
}

uint64_t realtime_us(void)
{
	struct timespec now;

	return read_clock(CLOCK_REALTIME, &now) ? (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000 : 0;
}

uint64_t cpu_ns(void)
{
	struct timespec used;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) < 0)
		return 0;
	return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
}
