#include "look/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>

#include "look/answer.h"
#include "ground/retry.h"

enum { GIVEN_FD = 3 };

bool lock_take(const struct self *self, char *const words[])
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct answer answer = { .texts = { NULL } };
	int result;

	(void)self, (void)words;
	result = RETRY(fcntl(GIVEN_FD, F_OFD_SETLK, &lock));
	if (result < 0 && errno != EAGAIN && errno != EACCES)
		return refuse_by_system(errno);
	answer.texts[LOCK_OUTCOME] = result == 0 ? "locked" : "taken";
	return answer_print(LOOK_LOCK, &answer);
}
