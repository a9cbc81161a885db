/* The options in MAKEFLAGS, read as GNU make reads them; src/jobserver/make-flags.ts is the same in TypeScript. A backslash
 * takes the next character as it is; the first word may be letters without a dash; behind ` -- ` there are variables. */
#ifndef MAKEREADER_H
#define MAKEREADER_H

#include <stdbool.h>
#include <stddef.h>

#include "contract.h"

/* What make skips before the first word; between words it skips blanks and tabs only. */
#define MAKE_SPACES " \t\n\v\f\r"

/* One option; also what only looks like one. */
struct make_flag {
	enum make_means means;
	const char *gap;       /* the beginning of the blanks before its word */
	const char *from, *to; /* its bytes, with its argument */
	bool whole;            /* one word, or two; else it stands in a word of letters */
	const char *argument;  /* as it is written; NULL: it has none */
	size_t argument_length;
};

struct make_reader {
	const char *at;      /* what is not read yet */
	const char *gap;     /* of the word that is being read */
	const char *letters; /* its letters that are not read yet; NULL: none */
	const char *end;     /* and its end */
	bool first;          /* the next word is the first one */
};

void make_reader_begin(struct make_reader *reader, const char *makeflags);

/* False if there are no more options. */
bool make_reader_next(struct make_reader *reader, struct make_flag *flag);

/* Whether flag is a -jN that make obeys, not one that it refuses; *jobs is then N, 0 without a number. */
bool make_flag_jobs(const struct make_flag *flag, long *jobs);

/* Whether flag is an address of a jobserver, whatever it says. */
bool make_flag_is_address(const struct make_flag *flag);

/* Whether the word at text, were it the first one, would be taken for letters. Blanks may stand before it. */
bool make_begins_bare(const char *text);

/* Whether that word begins as a number. */
bool make_begins_number(const char *text);

/* Whether the long option that word begins with, behind its dashes, takes the next word. */
bool make_long_takes_next(const char *word);

#endif
