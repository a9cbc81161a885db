#include "sandbox/possible.h"

#include <errno.h>

#include "proc/process.h"
#include "sandbox/filter.h"

bool sandbox_is_possible(void)
{
	if (!filter_works())
		return false;
	errno = EXDEV; /* what a supervisor reads by a number would be of another process */
	return process_numbers_agree();
}

const char *sandbox_why_not(int error)
{
	return error == EXDEV ? "/proc does not show the processes of this PID namespace (mount -t proc proc /proc)" : filter_why(error);
}
