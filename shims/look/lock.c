#include "look/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "ground/retry.h"

enum { GIVEN_FD = 3 };

bool lock_take(const struct self *self, char *const words[])
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int result, error;

	(void)self, (void)words;
	result = RETRY(fcntl(GIVEN_FD, F_OFD_SETLK, &lock));
	error = result < 0 ? errno : 0;
	if (error == 0)
		return printf("locked\n") > 0 && fflush(stdout) == 0;
	if (error == EAGAIN || error == EACCES)
		return printf("taken\n") > 0 && fflush(stdout) == 0;
	printf("%d\n", error);
	return false;
}
