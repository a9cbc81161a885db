#include "ground/clock.h"

#include <limits.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

uint64_t monotonic_ns(void)
{
	struct timespec now;
#if defined SYS_clock_gettime && LONG_MAX > INT_MAX
	/* The system call: reading the vdso for the first time takes longer, and two pages. */
	long error = syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
#else
	long error = clock_gettime(CLOCK_MONOTONIC, &now);
#endif

	return error < 0 ? 0 : (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t cpu_ns(void)
{
	struct timespec used;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) < 0)
		return 0;
	return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
}
