#include "sandbox/possible.h"

#include <errno.h>

#include "proc/process.h"

enum filter_trial sandbox_try(void)
{
	const enum filter_trial trial = filter_try();

	if (trial == FILTER_REFUSED || process_numbers_agree())
		return trial;
	errno = EXDEV; /* what a supervisor reads by a number would be of another process */
	return FILTER_REFUSED;
}

const char *sandbox_why_not(int error)
{
	return error == EXDEV ? "/proc does not show the processes of this PID namespace (mount -t proc proc /proc)" : filter_why(error);
}
