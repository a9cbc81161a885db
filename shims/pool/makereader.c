#include "pool/makereader.h"

#include <limits.h>
#include <string.h>

#include "pool/makeword.h"

enum { NAME_ROOM = 32 }; /* none of make's names has more */

static const char BLANKS[] = " \t";

static bool has_equals(const char *word, const char *end)
{
	return memchr(word, '=', (size_t)(end - word)) != NULL;
}

static const struct make_option *option_of(char letter)
{
	for (size_t i = 0; i < sizeof make_options / sizeof make_options[0]; i++)
		if (letter != '\0' && make_options[i].letter == letter)
			return &make_options[i];
	return NULL;
}

/* By its name, or by any beginning that no other option's names have. */
static const struct make_option *option_named(const char *name)
{
	const struct make_option *found = NULL;
	const size_t length = strlen(name);
	bool ambiguous = false;

	for (size_t i = 0; i < sizeof make_options / sizeof make_options[0]; i++) {
		const struct make_option *option = &make_options[i];

		if (strcmp(option->name, name) == 0 && length > 0)
			return option;
		if (strncmp(option->name, name, length) != 0 || option->name[0] == '\0')
			continue;
		ambiguous = ambiguous || (found != NULL && found->number != option->number);
		found = option;
	}
	return ambiguous ? NULL : found;
}

/* Whether word is the argument of an option that has none in its own. */
static bool takes_next(enum make_argument argument, const char *word, const char *end)
{
	if (word == end || argument == MAKE_ARGUMENT_OPTIONAL)
		return false;
	if (argument == MAKE_ARGUMENT_NUMBER)
		return make_all_digits(word, end);
	return argument == MAKE_ARGUMENT_REQUIRED || make_word_begins_number(word);
}

/* Takes the argument of option: what is joined to it, else maybe the next word. flag->to is the end of its own word. */
static void take_argument(struct make_flag *flag, const struct make_option *option, const char *joined)
{
	const char *next, *end;

	if (option != NULL)
		flag->means = option->means;
	if (joined != NULL) {
		flag->argument = joined;
		flag->argument_length = (size_t)(flag->to - joined);
		return;
	}
	if (option == NULL || option->argument == MAKE_ARGUMENT_NONE)
		return;
	next = flag->to + strspn(flag->to, BLANKS);
	end = make_word_end(next);
	if (!takes_next(option->argument, next, end))
		return;
	flag->argument = next;
	flag->argument_length = (size_t)(end - next);
	flag->to = end;
}

/* Reads a long option's name, up to the end of its word or its =, which is where *behind is then. NULL: make knows none. */
static const struct make_option *read_name(const char *text, const char *end, const char **behind)
{
	char name[NAME_ROOM], c;
	size_t length = 0;

	for (const char *next; text < end; text = next) {
		next = make_next_char(text, &c);
		if (c == '=')
			break;
		if (length < sizeof name - 1)
			name[length++] = c;
	}
	name[length] = '\0';
	*behind = text;
	return length < sizeof name - 1 ? option_named(name) : NULL;
}

static void read_long(struct make_flag *flag, const char *name)
{
	const char *equals, *joined = NULL;
	const struct make_option *option = read_name(name, flag->to, &equals);
	char c;

	if (equals < flag->to)
		joined = make_next_char(equals, &c);
	if (joined != NULL && option != NULL && option->argument == MAKE_ARGUMENT_NONE)
		option = NULL;
	take_argument(flag, option, joined);
}

/* Reads the next of a word's letters. -kj8 is -k -j8: an option with an argument ends the word. */
static void read_letter(struct make_reader *reader, struct make_flag *flag)
{
	char c;
	const char *from = reader->letters, *end = reader->end, *next = make_next_char(from, &c);
	const struct make_option *option = option_of(c);
	bool takes = option != NULL && option->argument != MAKE_ARGUMENT_NONE;

	flag->whole = flag->from != NULL && (takes || next == end);
	if (!flag->whole)
		flag->from = from;
	flag->to = takes ? end : next;
	take_argument(flag, option, takes && next < end ? next : NULL);
	reader->letters = takes || next == end ? NULL : next;
	if (reader->letters == NULL)
		reader->at = flag->to;
}

/* Where the letters of a word begin. NULL if it has none: it is a variable, or nothing, or a long option. */
static const char *letters_of(const char *word, const char *end, bool first, const char **name)
{
	char c;
	const char *behind = make_next_char(word, &c), *second;

	*name = NULL;
	if (c != '-')
		return first && !has_equals(word, end) ? word : NULL;
	if (behind == end)
		return NULL;
	second = make_next_char(behind, &c);
	if (c != '-')
		return behind;
	*name = second;
	return NULL;
}

void make_reader_begin(struct make_reader *reader, const char *makeflags)
{
	*reader = (struct make_reader){ .at = makeflags, .first = true };
}

bool make_reader_next(struct make_reader *reader, struct make_flag *flag)
{
	*flag = (struct make_flag){ .gap = reader->gap };
	if (reader->letters != NULL) {
		read_letter(reader, flag);
		return true;
	}
	for (;;) {
		const char *word = reader->at + strspn(reader->at, reader->first ? MAKE_SPACES : BLANKS);
		const char *end = make_word_end(word), *name;

		if (word == end)
			return false;
		flag->gap = reader->gap = reader->at;
		reader->letters = letters_of(word, end, reader->first, &name);
		reader->first = false;
		reader->at = reader->end = end;
		flag->from = word;
		flag->to = end;
		if (reader->letters != NULL) {
			read_letter(reader, flag);
			return true;
		}
		if (name == end)
			return false;
		if (name != NULL) {
			flag->whole = true;
			read_long(flag, name);
			reader->at = flag->to;
			return true;
		}
	}
}

bool make_flag_is_address(const struct make_flag *flag)
{
	return flag->means == MAKE_MEANS_AUTH || flag->means == MAKE_MEANS_FDS;
}

bool make_flag_jobs(const struct make_flag *flag, long *jobs)
{
	long long number = 0;

	if (flag->means != MAKE_MEANS_JOBS)
		return false;
	*jobs = 0;
	if (flag->argument == NULL)
		return true;
	for (const char *at = flag->argument; at < flag->argument + flag->argument_length;) {
		char c;

		at = make_next_char(at, &c);
		if (!make_is_digit(c) || number > INT_MAX)
			return false;
		number = number * 10 + (c - '0');
	}
	*jobs = (long)number;
	return number > 0 && number <= INT_MAX;
}

bool make_begins_bare(const char *text)
{
	const char *word = text + strspn(text, BLANKS), *end = make_word_end(word);
	char c;

	make_next_char(word, &c);
	return word < end && c != '-' && !has_equals(word, end);
}

bool make_begins_number(const char *text)
{
	return make_word_begins_number(text + strspn(text, BLANKS));
}

bool make_long_takes_next(const char *word)
{
	const char *behind;
	const struct make_option *option = read_name(word, word + strlen(word), &behind);

	return option != NULL && option->argument == MAKE_ARGUMENT_REQUIRED && *behind == '\0';
}
