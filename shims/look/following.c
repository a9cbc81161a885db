#include "look/following.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

bool following_set(bool follows)
{
	const int flags = fcntl(STDOUT_FILENO, F_GETFL);
	struct pollfd starter = { .fd = STDOUT_FILENO };

	/* Of one that was killed before no signal comes. */
	return flags >= 0 && fcntl(STDOUT_FILENO, F_SETOWN, getpid()) == 0 &&
	       fcntl(STDOUT_FILENO, F_SETFL, follows ? flags | O_ASYNC : flags & ~O_ASYNC) == 0 &&
	       (poll(&starter, 1, 0) <= 0 || (starter.revents & POLLERR) == 0);
}
