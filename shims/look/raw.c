#include "look/raw.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ground/arena.h"
#include "ground/environment.h"
#include "ground/number.h"
#include "ground/report.h"
#include "ground/retry.h"

enum { BYTES_MAX = 64 * 1024 * 1024 }; /* more than an exec takes: Linux stops at 6 MB */

/* Pages of their own, that are never given back: a program's arguments are kept in no other way. NULL, with errno, on error. */
static char *read_bytes(int fd, size_t size)
{
	char *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (bytes == MAP_FAILED)
		return NULL;
	for (size_t length = 0; length < size;) {
		const ssize_t part = RETRY(read(fd, bytes + length, size - length));

		if (part <= 0) {
			if (part == 0)
				errno = ENODATA; /* who called us was killed */
			munmap(bytes, size);
			return NULL;
		}
		length += (size_t)part;
	}
	return bytes;
}

/* Gives the descriptor back: what we do must not find another one open than it would have without this. */
static bool done_with(int fd)
{
	close(fd);
	return fd != STDIN_FILENO || open("/dev/null", O_RDONLY) == STDIN_FILENO;
}

/* Returns the next count texts, with NULL behind them; *at is behind the last one then. NULL if there are not so many, or there is no memory. */
static char **take_texts(char **at, const char *end, size_t count)
{
	char **texts = arena_pointers(count + 1);

	for (size_t i = 0; texts != NULL && i < count; i++) {
		char *nul = memchr(*at, '\0', (size_t)(end - *at));

		if (nul == NULL)
			return NULL;
		texts[i] = *at;
		*at = nul + 1;
	}
	if (texts != NULL)
		texts[count] = NULL;
	return texts;
}

char **raw_take(char *const words[])
{
	uint64_t fd, size, word_count, variable_count;
	char *at, **taken, **variables;
	const char *end;

	if (!number_read(words[0], INT_MAX, &fd) || !number_read(words[1], BYTES_MAX, &size) || size == 0 ||
	    !number_read(words[2], size, &word_count) || !number_read(words[3], size, &variable_count)) {
		report("look raw: wrong numbers");
		return NULL;
	}
	at = read_bytes((int)fd, (size_t)size);
	if (at == NULL || !done_with((int)fd)) {
		report("look raw %s: %s", words[0], strerror(errno));
		return NULL;
	}
	end = at + (size_t)size;
	taken = take_texts(&at, end, (size_t)word_count);
	variables = taken == NULL ? NULL : take_texts(&at, end, (size_t)variable_count);
	if (variables == NULL || at != end) {
		report("look raw: its words don't fit");
		return NULL;
	}
	environ = variables;
	return taken;
}
