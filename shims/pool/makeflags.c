#include "pool/makeflags.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "pool/auth.h"
#include "pool/makereader.h"
#include "pool/makeword.h"
#include "ground/arena.h"
#include "ground/number.h"

static const char NAME[] = "MAKEFLAGS=";

/* Writes address as a part of a word. */
static char *put_address(char *to, const char *address)
{
	for (; *address != '\0'; address++) {
		if (strchr("\\ \t", *address) != NULL)
			*to++ = '\\';
		*to++ = *address;
	}
	return to;
}

static bool is_nothing(const char *text, const char *end)
{
	while (text < end && strchr(MAKE_SPACES, *text) != NULL)
		text++;
	return text == end;
}

/* Copies makeflags without its addresses, except that auth's becomes address; with drop_jobs also without -jN. If a word would now be read
 * differently (as letters, since it became the first word, or as the number of a -l that has none), a dash is put before it, which make
 * skips. NULL if there is no room. */
static char *rewrite(const char *makeflags, const struct auth *auth, const char *address, bool drop_jobs)
{
	size_t room;
	char *text = arena_room(&room), *flags, *to;
	const char *at = makeflags, *taker = makeflags; /* the end of such a -l, and of what was taken out behind it */
	bool takes = false;                             /* there is such a -l */
	struct make_reader reader;
	struct make_flag flag;
	long jobs;

	if (strlen(makeflags) + 2 * strlen(address) + sizeof NAME + 1 > room)
		return NULL;
	to = flags = stpcpy(text, NAME);
	make_reader_begin(&reader, makeflags);
	while (make_reader_next(&reader, &flag)) {
		if (auth != NULL && flag.argument != NULL && flag.argument == auth->argument) {
			to = put_address(mempcpy(to, at, (size_t)(flag.argument - at)), address);
			at = flag.to;
			takes = false;
		} else if (make_flag_is_address(&flag) || (drop_jobs && make_flag_jobs(&flag, &jobs))) {
			to = mempcpy(to, at, (size_t)((flag.whole ? flag.gap : flag.from) - at));
			takes = takes && taker == flag.gap;
			at = taker = flag.to;
			if (is_nothing(flags, to) && make_begins_bare(at))
				*to++ = '-';
			else if (takes && make_begins_number(at))
				to = stpcpy(to, " -");
		} else {
			takes = flag.means == MAKE_MEANS_LOAD && flag.argument == NULL;
			taker = flag.to;
		}
	}
	to = stpcpy(to, at);
	return arena_keep((size_t)(to - text) + 1);
}

char *makeflags_with(const char *makeflags, const struct auth *auth, const char *address)
{
	return rewrite(makeflags, auth, address, false);
}

char *makeflags_without_jobserver(const char *makeflags)
{
	struct make_reader reader;
	struct make_flag flag;
	bool named = false;

	make_reader_begin(&reader, makeflags);
	while (!named && make_reader_next(&reader, &flag))
		named = make_flag_is_address(&flag);
	return named ? rewrite(makeflags, NULL, "", true) : NULL;
}

/* Reads a load as make does: as far as it is a number, and 0 if it does not begin as one. Below 0 it is no limit. */
static double read_load(const struct make_flag *flag)
{
	char text[64];

	if (flag->argument_length >= sizeof text)
		return 0;
	make_unescape(flag->argument, flag->argument_length, text);
	if (text[0] == '-')
		return -1;
	text[strspn(text, "0123456789.")] = '\0';
	return decimal_read(text, 0);
}

double makeflags_load(const char *makeflags)
{
	struct make_reader reader;
	struct make_flag flag;
	double load = -1;

	make_reader_begin(&reader, makeflags);
	while (make_reader_next(&reader, &flag))
		if (flag.means == MAKE_MEANS_LOAD)
			load = flag.argument == NULL ? -1 : read_load(&flag);
	return load;
}

bool make_word_has_load(const char *word)
{
	struct make_reader reader;
	struct make_flag flag;

	make_reader_begin(&reader, word);
	while (word[0] == '-' && make_reader_next(&reader, &flag))
		if (flag.means == MAKE_MEANS_LOAD)
			return true;
	return false;
}

int makeflags_jobs(const char *makeflags)
{
	struct make_reader reader;
	struct make_flag flag;
	long jobs = 0, last;

	make_reader_begin(&reader, makeflags);
	while (make_reader_next(&reader, &flag))
		if (make_flag_jobs(&flag, &last))
			jobs = last;
	return jobs > 0 ? (int)jobs : -1;
}

bool makeopts_read(const char *makeopts, long *jobs, double *load)
{
	/* A dash, which make skips: so the first word is not read as letters. */
	static const char dash[] = "- ";
	struct make_reader reader;
	struct make_flag flag;
	size_t room;
	char *text = arena_room(&room);
	long last;

	if (strlen(makeopts) + sizeof dash > room)
		return false;
	strcpy(stpcpy(text, dash), makeopts);
	for (char *at = text; *at != '\0'; at++)
		if (*at == '\n')
			*at = ' ';
	*jobs = MAKEOPTS_NONE;
	*load = makeflags_load(text);
	make_reader_begin(&reader, text);
	while (make_reader_next(&reader, &flag))
		if (flag.means == MAKE_MEANS_JOBS && *jobs != MAKEOPTS_REFUSED)
			*jobs = make_flag_jobs(&flag, &last) ? last : MAKEOPTS_REFUSED;
	return true;
}
