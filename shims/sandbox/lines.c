#include "sandbox/lines.h"

#include <stddef.h>
#include <sys/mman.h>

static size_t bucket_of(pid_t pid)
{
	return (size_t)pid % SUPERVISED_BUCKETS;
}

struct supervised *lines_find(const struct lines *lines, pid_t pid)
{
	struct supervised *run = lines->buckets[bucket_of(pid)];

	while (run != NULL && run->started.pid != pid)
		run = run->other;
	return run;
}

static void append(struct lines *lines, struct line *line)
{
	line->next = NULL;
	line->previous = lines->last;
	if (lines->last == NULL)
		lines->first = line;
	else
		lines->last->next = line;
	lines->last = line;
}

static void take_out(struct lines *lines, struct line *line)
{
	if (line->previous == NULL)
		lines->first = line->next;
	else
		line->previous->next = line->next;
	if (line->next == NULL)
		lines->last = line->previous;
	else
		line->next->previous = line->previous;
}

static struct line *find_line(const struct lines *lines, uint64_t job)
{
	struct line *line = lines->first;

	while (line != NULL && line->job != job)
		line = line->next;
	return line;
}

bool lines_has_waiters(const struct lines *lines, uint64_t job)
{
	return find_line(lines, job) != NULL;
}

bool lines_make(struct lines *lines)
{
	enum { COUNT = SUPERVISED_MAX + 1 };
	const size_t size = COUNT * (sizeof(struct supervised) + sizeof(struct line));
	void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (pages == MAP_FAILED)
		return false;
	*lines = (struct lines){ .runs = pages };
	lines->room = (struct line *)(void *)(lines->runs + COUNT);
	return true;
}

/* There is room for as many lines as there are runs. */
static struct line *line_of(struct lines *lines, uint64_t job)
{
	struct line *line = find_line(lines, job);

	if (line != NULL)
		return line;
	line = lines->free_lines;
	if (line != NULL)
		lines->free_lines = line->next;
	else
		line = &lines->room[lines->touched_lines++];
	*line = (struct line){ .job = job };
	append(lines, line);
	lines->count++;
	return line;
}

struct supervised *lines_add(struct lines *lines, pid_t pid)
{
	struct supervised *run = lines->free;

	if (run == NULL && lines->touched == SUPERVISED_MAX + 1)
		return NULL;
	if (run != NULL)
		lines->free = run->next;
	else
		run = &lines->runs[lines->touched++];
	lines->used++;
	*run = (struct supervised){ .is_used = true, .started.pid = pid, .end = -1 };
	run->other = lines->buckets[bucket_of(pid)];
	lines->buckets[bucket_of(pid)] = run;
	return run;
}

void lines_join(struct lines *lines, struct supervised *run, uint64_t job)
{
	struct line *line = line_of(lines, job);

	run->line = line;
	if (line->waiters == NULL)
		line->waiters = run;
	else
		line->last->next = run;
	line->last = run;
}

void lines_leave(struct lines *lines, struct supervised *run)
{
	struct line *line = run->line;
	struct supervised **at = &line->waiters, *before = NULL;

	while (*at != run) {
		before = *at;
		at = &before->next;
	}
	*at = run->next;
	if (line->last == run)
		line->last = before;
	run->next = NULL;
	run->line = NULL;
	take_out(lines, line);
	if (line->waiters != NULL) {
		append(lines, line);
		return;
	}
	lines->has_emptied = true;
	line->next = lines->free_lines;
	lines->free_lines = line;
	lines->count--;
}

void lines_move(struct lines *lines, struct supervised *run, uint64_t job)
{
	lines_leave(lines, run);
	run->is_first = false;
	lines_join(lines, run, job);
}

static void forget(struct lines *lines, struct supervised *run)
{
	struct supervised **at = &lines->buckets[bucket_of(run->started.pid)];

	if (run->line != NULL)
		lines_leave(lines, run);
	while (*at != run)
		at = &(*at)->other;
	*at = run->other;
	run->is_used = false;
	lines->used--;
	run->next = lines->free;
	lines->free = run;
}

void lines_part(struct supervised *host)
{
	if (host->guest != NULL)
		host->guest->host = NULL;
	host->guest = NULL;
}

void lines_remove(struct lines *lines, struct supervised *run)
{
	struct supervised *guest;

	if (run->host != NULL)
		lines_part(run->host);
	for (; run != NULL; run = guest) {
		guest = run->guest;
		lines_part(run);
		forget(lines, run);
		if (guest != NULL && guest->end >= 0)
			guest = NULL;
	}
}

void lines_each(struct lines *lines, void (*visit)(struct supervised *run))
{
	for (size_t i = 0; i < lines->touched; i++)
		if (lines->runs[i].is_used)
			visit(&lines->runs[i]);
}
