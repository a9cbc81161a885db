#include "auth.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char *const spellings[] = { "--jobserver-auth=", "--jobserver-fds=" };
enum { LEGACY_SPELLING = 1 };

static bool parse_fd(const char *text, const char **end, int *fd)
{
	char *stop;
	long value;

	if (*text != '-' && (*text < '0' || *text > '9'))
		return false;
	errno = 0;
	value = strtol(text, &stop, 10);
	if (errno != 0 || stop == text || value < INT_MIN || value > INT_MAX)
		return false;
	*fd = (int)value;
	*end = stop;
	return true;
}

bool auth_parse(const char *text, size_t length, struct auth *auth)
{
	static const char fifo[] = "fifo:";
	const char *end = text;
	int read_fd, write_fd;

	auth->kind = AUTH_NONE;
	if (length > strlen(fifo) && strncmp(text, fifo, strlen(fifo)) == 0) {
		auth->path = text + strlen(fifo);
		auth->path_length = length - strlen(fifo);
		if (auth->path_length >= PATH_MAX) {
			auth->why = "the path behind fifo: is too long";
			return false;
		}
		auth->kind = AUTH_FIFO;
		return true;
	}
	auth->why = "neither fifo:PATH nor two file descriptors";
	if (!parse_fd(text, &end, &read_fd) || *end != ',' || !parse_fd(end + 1, &end, &write_fd) || end != text + length)
		return false;
	if (read_fd < 0 || write_fd < 0) {
		auth->why = "the file descriptors are negative: make keeps its jobserver from this recipe";
		return false;
	}
	auth->kind = AUTH_PIPE;
	auth->read_fd = read_fd;
	auth->write_fd = write_fd;
	return true;
}

bool auth_find(const char *makeflags, struct auth *auth)
{
	const char *word = makeflags;
	struct auth candidate = { .legacy = false };

	*auth = (struct auth){ .why = "no jobserver in MAKEFLAGS" };
	while (*word != '\0') {
		size_t length = strcspn(word, " \t");

		if (length == 2 && strncmp(word, "--", 2) == 0)
			break;
		for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
			size_t prefix = strlen(spellings[i]);

			if (length < prefix || strncmp(word, spellings[i], prefix) != 0)
				continue;
			if (auth_parse(word + prefix, length - prefix, &candidate)) {
				*auth = candidate;
				auth->legacy = i == LEGACY_SPELLING;
				auth->word = word;
				auth->word_length = length;
			} else if (auth->kind == AUTH_NONE) {
				auth->why = candidate.why;
			}
		}
		word += length;
		word += strspn(word, " \t");
	}
	return auth->kind != AUTH_NONE;
}
