#include "sandbox/firsts.h"

#include <stddef.h>

#include "ground/clock.h"
#include "sandbox/lines.h"
#include "wait/sleeper.h"

static struct supervised *polled[FIRSTS_MAX];

nfds_t firsts_watch(const struct lines *lines, struct pollfd ready[FIRSTS_POLLED], uint64_t *due_ns, bool *token)
{
	nfds_t count = 0;

	*due_ns = UINT64_MAX;
	*token = false;
	for (struct line *line = lines->first; line != NULL; line = line->next) {
		struct supervised *run = line->waiters;

		*token = *token || run->waiting.token;
		if (run->waiting.due_ns < *due_ns)
			*due_ns = run->waiting.due_ns;
		if (count == FIRSTS_POLLED)
			continue;
		polled[count / 2] = run;
		ready[count++] = (struct pollfd){ .fd = run->waiting.call, .events = POLLIN };
		ready[count++] = (struct pollfd){ .fd = run->waiting.end, .events = POLLIN };
	}
	return count;
}

void firsts_each_called(const struct pollfd ready[], nfds_t count, int pool, void (*step)(struct supervised *run))
{
	for (nfds_t i = 0; i + 1 < count; i += 2) {
		struct supervised *run = polled[i / 2];
		bool called;

		if (run->line == NULL) /* it waits no more */
			continue;
		called = ready[i].revents != 0 && call_is_heard(pool, ready[i].fd);
		if (called || ready[i + 1].revents != 0)
			step(run);
	}
}

void firsts_step(const struct lines *lines, enum firsts which, bool (*step)(struct supervised *run, bool timed_out))
{
	struct line *line = lines->first;
	const uint64_t now = line == NULL ? 0 : monotonic_ns();

	for (size_t left = lines->count; left > 0 && line != NULL; left--) {
		struct line *next = line->next;
		struct supervised *run = line->waiters;
		const bool due = run->is_first && run->waiting.due_ns <= now;

		if (due || which != FIRSTS_DUE)
			step(run, due);
		if (which == FIRSTS_UNTIL_SLOT && run->may_go)
			break;
		line = next;
	}
}
