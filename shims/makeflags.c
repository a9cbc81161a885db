#include "makeflags.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "auth.h"

char *makeflags_with(const char *makeflags, const struct auth *auth, const char *address)
{
	size_t room;
	char *text = arena_room(&room);
	const char *equals = memchr(auth->word, '=', auth->word_length);
	int spelling = (int)(equals - auth->word) + 1;
	int written = snprintf(text, room, "MAKEFLAGS=%.*s%.*s%s%s", (int)(auth->word - makeflags), makeflags,
	                       spelling, auth->word, address, auth->word + auth->word_length);

	return written > 0 && (size_t)written < room ? arena_keep((size_t)written + 1) : NULL;
}

char *makeflags_without_jobserver(const char *makeflags)
{
	static const char jobserver[] = "--jobserver-", name[] = "MAKEFLAGS=";
	const char *word = makeflags;
	bool had_address = false, variables = false;
	size_t room;
	char *text = arena_room(&room), *to = text;

	if (strlen(makeflags) + sizeof name > room)
		return NULL;
	to = stpcpy(to, name);
	for (;;) {
		size_t spaces = strspn(word, " \t"), length = strcspn(word + spaces, " \t");
		const char *at = word + spaces;
		bool address = !variables && strncmp(at, jobserver, strlen(jobserver)) == 0;
		bool jobs = !variables && strncmp(at, "-j", 2) == 0 && strspn(at + 2, "0123456789") == length - 2;

		if (length == 0)
			break;
		variables = variables || (length == 2 && strncmp(at, "--", 2) == 0);
		had_address = had_address || address;
		if (!address && !jobs)
			to = mempcpy(to, word, spaces + length);
		word = at + length;
	}
	*to = '\0';
	return had_address ? arena_keep((size_t)(to - text) + 1) : NULL;
}
