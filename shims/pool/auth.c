#include "pool/auth.h"

#include <limits.h>
#include <string.h>

#include "contract.h"
#include "pool/makereader.h"
#include "pool/makeword.h"
#include "ground/arena.h"
#include "ground/number.h"
#include "ground/text.h"
#include "ground/visible.h"

static const char FIFO[] = "fifo:";
static const char not_parsed[] = "neither fifo:PATH nor two file descriptors", too_long[] = "the path behind fifo: is too long";

static bool parse_fd(const char *text, const char **end, int *fd)
{
	const bool negative = *text == '-';
	const char *stop = text + negative;
	uint64_t value;

	if (*stop < '0' || *stop > '9')
		return false;
	value = number_scan(&stop, 10);
	if (value > (uint64_t)INT_MAX + negative)
		return false;
	*fd = (int)(negative ? -(int64_t)value : (int64_t)value);
	*end = stop;
	return true;
}

bool auth_parse(const char *text, size_t length, struct auth *auth)
{
	const char *end = text;
	int read_fd, write_fd;

	auth->kind = AUTH_NONE;
	auth->escaped = false;
	if (length > strlen(FIFO) && strncmp(text, FIFO, strlen(FIFO)) == 0) {
		auth->path = text + strlen(FIFO);
		auth->path_length = length - strlen(FIFO);
		if (auth->path_length >= PATH_MAX) {
			auth->why = too_long;
			return false;
		}
		auth->kind = AUTH_FIFO;
		return true;
	}
	auth->why = not_parsed;
	if (!parse_fd(text, &end, &read_fd) || *end != ',' || !parse_fd(end + 1, &end, &write_fd) || end != text + length)
		return false;
	if (memchr(text, '-', length) != NULL) {
		auth->why = "the file descriptors are negative: make keeps its jobserver from this recipe";
		return false;
	}
	auth->kind = AUTH_PIPE;
	auth->read_fd = read_fd;
	auth->write_fd = write_fd;
	return true;
}

/* Where text goes on after so many characters, each perhaps with a backslash before it. */
static const char *skip(const char *text, size_t count)
{
	for (; count > 0; count--)
		text += *text == '\\' ? 2 : 1;
	return text;
}

/* Parses what flag has as its address. */
static bool parse_flag(const struct make_flag *flag, struct auth *auth)
{
	const char *text = flag->argument;
	const size_t length = flag->argument_length;
	static char said[2 * (PATH_MAX + sizeof FIFO)]; /* static: on the stack each run would touch two more pages */

	auth->legacy = flag->means == MAKE_MEANS_FDS;
	auth->argument = text;
	auth->why = text == NULL ? not_parsed : too_long;
	if (text == NULL || memchr(text, '\\', length) == NULL)
		return text != NULL && auth_parse(text, length, auth);
	if (length >= sizeof said)
		return false;
	auth_parse(said, make_unescape(text, length, said), auth);
	auth->escaped = auth->kind == AUTH_FIFO;
	auth->path = auth->escaped ? skip(text, strlen(FIFO)) : NULL;
	if (auth->escaped)
		auth->path_length = (size_t)(text + length - auth->path);
	return auth->kind != AUTH_NONE;
}

bool auth_find(const char *makeflags, struct auth *auth)
{
	struct make_reader reader;
	struct make_flag flag;

	*auth = (struct auth){ .why = "no jobserver in MAKEFLAGS" };
	make_reader_begin(&reader, makeflags);
	while (make_reader_next(&reader, &flag)) {
		struct auth candidate = { .kind = AUTH_NONE };

		if (!make_flag_is_address(&flag))
			continue;
		if (parse_flag(&flag, &candidate))
			*auth = candidate;
		else if (auth->kind == AUTH_NONE)
			auth->why = candidate.why;
	}
	return auth->kind != AUTH_NONE;
}

const char *auth_path(const struct auth *auth)
{
	size_t room;
	char *path = arena_room(&room);

	if (!auth->escaped)
		return arena_copy(auth->path, auth->path_length);
	if (auth->path_length >= room)
		return NULL;
	return arena_keep(make_unescape(auth->path, auth->path_length, path) + 1);
}

bool auth_read_by_all(const char *path)
{
	static const char not_a_character[] = "\357\277\275"; /* U+FFFD, which Node writes in place of bytes that are not UTF-8 */

	return strpbrk(path, PATH_UNREADABLE) == NULL && text_behind(path, strlen(path), not_a_character) == NULL &&
	       visible_is_utf8(path, strlen(path));
}
