#include "sandbox/ends.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "proc/process.h"
#include "sandbox/lines.h"

enum {
	OTHERS = 24, /* descriptors that the supervisor has open besides, or for a moment */
	OF_LINE = 2, /* the first in each line has these: its call, and the end of whom it watches */
};

static int ends = -1; /* an epoll of all pidfds */
static size_t watched, most = SIZE_MAX; /* so many were too many, and none has ended since */
static rlim_t limit = RLIM_INFINITY;    /* of our descriptors */

bool ends_open(void)
{
	struct rlimit own;

	if (getrlimit(RLIMIT_NOFILE, &own) == 0)
		limit = own.rlim_cur;
	ends = epoll_create1(EPOLL_CLOEXEC);
	return ends >= 0;
}

int ends_descriptor(void)
{
	return ends;
}

/* ENOSPC: of fs.epoll.max_user_watches. */
static bool lacks_room(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOSPC;
}

enum ends_answer ends_watch(struct supervised *run)
{
	enum ends_answer answer;
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = run };

	run->end = process_open(run->started.pid);
	if (run->end >= 0 && epoll_ctl(ends, EPOLL_CTL_ADD, run->end, &event) == 0) {
		watched++;
		return ENDS_WATCHED;
	}
	answer = lacks_room(errno) ? ENDS_NO_ROOM : ENDS_NO_PROCESS;
	if (answer == ENDS_NO_ROOM)
		most = watched;
	if (run->end >= 0)
		close(run->end);
	run->end = -1;
	return answer;
}

bool ends_are_watched(void)
{
	return watched > 0;
}

bool ends_have_room(size_t lines, size_t left)
{
	return watched == 0 || (watched < most && watched + 1 + OF_LINE * (lines + 1) + OTHERS + left <= limit);
}

void ends_forget(struct supervised *run)
{
	if (run->end < 0)
		return;
	(void)epoll_ctl(ends, EPOLL_CTL_DEL, run->end, NULL); /* a payer that is being started has it open, too */
	close(run->end);
	watched--;
	most = SIZE_MAX;
}

bool ends_take(void (*visit)(struct supervised *run))
{
	struct epoll_event event;

	if (epoll_wait(ends, &event, 1, 0) <= 0)
		return false;
	visit(event.data.ptr);
	return true;
}

void ends_close(void)
{
	close(ends);
}
