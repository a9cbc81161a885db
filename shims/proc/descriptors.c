#include "proc/descriptors.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ground/arena.h"
#include "ground/file.h"
#include "ground/number.h"
#include "ground/text.h"
#include "proc/process.h"

bool process_each_fd(pid_t pid, bool (*visit)(int directory, const char *name, void *state), void *state)
{
	char path[32];

	text_put(path, sizeof path, "/proc/%d/fd", (int)pid);
	return process_each_number(path, visit, state);
}

static bool close_other(int directory, const char *name, void *state)
{
	const int fd = (int)number_first(name), *kept = state;

	if (fd > STDERR_FILENO && fd != *kept && fd != directory)
		close(fd);
	return false;
}

void descriptors_close_but(int kept)
{
	process_each_fd(process_self_number(), close_other, &kept);
}

/* With fewer descriptors than MANY a listing is as quick. HOLES: so many numbers below the highest one may be free. */
enum { MANY = 64, HOLES = 8 };

struct search {
	bool (*visit)(int directory, const char *name, void *state);
	void *state;
	long rest; /* the first number that is still to be listed */
};

static bool visit_listed(int directory, const char *name, void *state)
{
	const struct search *search = state;

	return name[0] >= '0' && name[0] <= '9' && number_first(name) >= search->rest &&
	       search->visit(directory, name, search->state);
}

static bool visit_number(int directory, long fd, const struct search *search)
{
	char name[NUMBER_DIGITS_MAX + 1];

	number_put(name, (uint64_t)fd);
	return search->visit(directory, name, search->state);
}

/* Visits the numbers below search->rest from both ends: what a program keeps open it has opened at its start, or behind all that it was
 * given. */
static bool visit_both_ends(int directory, const struct search *search)
{
	for (long low = 0, high = search->rest - 1; low <= high; low++, high--)
		if (visit_number(directory, low, search) || (low < high && visit_number(directory, high, search)))
			return true;
	return false;
}

bool process_find_fd(pid_t pid, bool (*visit)(int directory, const char *name, void *state), void *state)
{
	struct search search = { .visit = visit, .state = state };
	struct stat status;
	char path[32];
	int directory;
	bool found;

	text_put(path, sizeof path, "/proc/%d/fd", (int)pid);
	directory = open_high(path, O_RDONLY | O_DIRECTORY);
	if (directory < 0)
		return false;
	/* Since Linux 6.2 its size is how many descriptors there are (Documentation/filesystems/proc.rst); before, 0. */
	if (fstat(directory, &status) == 0 && status.st_size >= MANY)
		search.rest = (long)status.st_size + HOLES;
	found = visit_both_ends(directory, &search) || directory_each(directory, visit_listed, &search);
	close(directory);
	return found;
}

bool process_stat_fd(pid_t pid, int fd, struct stat *status)
{
	char path[48];

	text_put(path, sizeof path, "/proc/%d/fd/%d", (int)pid, fd);
	return stat(path, status) == 0;
}

static bool read_fdinfo(int directory, const char *name, char *text, size_t size)
{
	char path[48];

	return text_put(path, sizeof path, "../fdinfo/%s", name) < (int)sizeof path &&
	       read_small_file_at(directory, path, text, size) >= 0;
}

bool process_fd_cloexec(int directory, const char *name)
{
	char text[256];
	const char *flags;

	if (!read_fdinfo(directory, name, text, sizeof text))
		return false;
	flags = text_behind(text, strlen(text), "flags:");
	return flags != NULL && (number_scan(&flags, 8) & O_CLOEXEC) != 0;
}

bool process_marks_all(pid_t pid)
{
	static const char *const streams[] = { "0", "1", "2" };
	size_t marked = 0;
	char path[32];
	int directory;

	text_put(path, sizeof path, "/proc/%d/fd", (int)pid);
	directory = open_high(path, O_RDONLY | O_DIRECTORY);
	if (directory < 0)
		return false;
	while (marked < sizeof streams / sizeof streams[0] && process_fd_cloexec(directory, streams[marked]))
		marked++;
	close(directory);
	return marked == sizeof streams / sizeof streams[0];
}

/* "lock:\t1: OFDLCK ADVISORY WRITE -1 00:1b:7 FIRST LAST" (proc_pid_fdinfo(5)); LAST may be EOF. */
static bool parse_lock(const char *line, uint64_t *first, uint64_t *last)
{
	const char *end = line + strcspn(line, "\n"), *at = end;

	for (int words = 0; words < 2 && at > line; words++)
		for (at--; at > line && at[-1] != ' ';)
			at--;
	*first = number_scan(&at, 10);
	*last = number_scan(&at, 10);
	return at == end;
}

void process_fd_each_lock(int directory, const char *name, void (*visit)(uint64_t first, uint64_t last, void *state), void *state)
{
	static const char start[] = "\nlock:";
	uint64_t first, last;
	size_t room;
	char path[48], *text = arena_room(&room);
	ssize_t length = -1;

	if (text_put(path, sizeof path, "../fdinfo/%s", name) < (int)sizeof path)
		length = read_whole_file_at(directory, path, text, room - 1);
	if (length < 0)
		return;
	text[length] = '\0';
	for (const char *at = text; (at = text_behind(at, strlen(at), start)) != NULL;)
		if (parse_lock(at, &first, &last))
			visit(first, last, state);
}
