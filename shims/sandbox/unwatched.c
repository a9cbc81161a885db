#include "sandbox/unwatched.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>

#include "proc/process.h"
#include "sandbox/lines.h"

enum { MORE = 64 }; /* so many come before the next look for ended ones */

static struct {
	struct lines *lines;
	size_t count, limit;
} unwatched = { .limit = MORE };

/* Those whose number is another process's by now stay until that one starts a program. */
static void forget_if_gone(struct supervised *run)
{
	if (run->end >= 0)
		return;
	if (kill(run->started.pid, 0) < 0 && errno == ESRCH)
		lines_remove(unwatched.lines, run);
	else
		unwatched.count++;
}

void unwatched_add(struct lines *lines, struct supervised *run)
{
	if (lines->used > SUPERVISED_MAX / 2) { /* nobody tells their ends: room is for the others */
		lines_remove(lines, run);
		return;
	}
	if (++unwatched.count < unwatched.limit)
		return;
	unwatched.lines = lines;
	unwatched.count = 0;
	lines_each(lines, forget_if_gone);
	unwatched.limit = unwatched.count + MORE;
}

bool unwatched_has_ended(const struct supervised *run)
{
	struct process process;

	if (run->end >= 0)
		return false;
	if (!process_read(run->started.pid, &process))
		return errno == ENOENT || errno == ESRCH; /* else it is not known */
	return process.zombie || process.start != run->subject.process.start;
}
