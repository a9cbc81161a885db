#include "sandbox/overflow.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/ends.h"
#include "sandbox/filter.h"
#include "sandbox/lines.h"
#include "sandbox/programs.h"

/* Kept for the first in each line: what it waits for may wait for it. */
enum { SPARE_RUNS = SUPERVISED_MAX / 8, SPARE_DESCRIPTORS = 8 };

struct outsider {
	uint64_t line;
	struct started started;
};

static struct {
	struct outsider *all; /* in order of arrival */
	size_t count, room;
	bool lets_in;    /* what comes now has stood here */
	bool has_firsts; /* there was no room even for some in whose line nobody waits */
} overflow;

bool overflow_is_empty(void)
{
	return overflow.count == 0;
}

static bool has_room(const struct lines *lines, size_t used, uint64_t line)
{
	const bool is_first = !lines_has_waiters(lines, line);

	return used <= SUPERVISED_MAX - (is_first ? 0 : SPARE_RUNS) &&
	       ends_have_room(lines->count, is_first ? 0 : SPARE_DESCRIPTORS);
}

bool overflow_has_room(const struct lines *lines, uint64_t line)
{
	if (!overflow.lets_in && !overflow_is_empty() && lines_has_waiters(lines, line))
		return false;
	return has_room(lines, lines->used, line);
}

static bool make_room(void)
{
	const size_t room = overflow.room == 0 ? 256 : 2 * overflow.room;
	struct outsider *all;

	if (overflow.count < overflow.room)
		return true;
	all = realloc(overflow.all, room * sizeof *all);
	if (all == NULL)
		return false;
	overflow.all = all;
	overflow.room = room;
	return true;
}

bool overflow_add(const struct lines *lines, const struct started *started, uint64_t line)
{
	const struct outsider outsider = { .line = line, .started = *started };

	for (size_t i = 0; i < overflow.count; i++) {
		if (overflow.all[i].started.pid != started->pid)
			continue;
		overflow.all[i] = outsider;
		return true;
	}
	if (!ends_are_watched() || !make_room())
		return false;
	overflow.all[overflow.count++] = outsider;
	overflow.has_firsts = overflow.has_firsts || !lines_has_waiters(lines, line);
	return true;
}

/* Who does not stand still any more has ended, or has reported once more. */
static void let_in(int listener, const struct started *started, void (*enter)(const struct started *started, struct program *program))
{
	struct program program;

	if (!filter_stands(listener, started))
		return;
	overflow.lets_in = true;
	if (programs_match(started->pid, &program))
		enter(started, &program);
	else
		filter_let_go(listener, started);
	overflow.lets_in = false;
}

/* The first ones, as long as there is room; and behind them those whose line is empty now. */
void overflow_let_in(struct lines *lines, int listener, void (*enter)(const struct started *started, struct program *program))
{
	const size_t count = overflow.count;
	const bool looks_at_all = lines->has_emptied || overflow.has_firsts;
	size_t kept = 0, next = 0;

	lines->has_emptied = false;
	overflow.has_firsts = false;
	while (next < count) {
		const struct outsider outsider = overflow.all[next];

		const bool enters = has_room(lines, lines->used + 1, outsider.line);

		if (!enters && !looks_at_all)
			break;
		overflow.all[next++].started.pid = 0; /* it may come in anew */
		if (enters) {
			let_in(listener, &outsider.started, enter);
			continue;
		}
		overflow.all[kept++] = outsider;
		overflow.has_firsts = overflow.has_firsts || !lines_has_waiters(lines, outsider.line);
	}
	if (next == kept)
		return;
	memmove(overflow.all + kept, overflow.all + next, (overflow.count - next) * sizeof *overflow.all);
	overflow.count -= next - kept;
}

void overflow_close(int listener)
{
	for (size_t i = 0; i < overflow.count; i++)
		filter_let_go(listener, &overflow.all[i].started);
	overflow.count = 0;
}
