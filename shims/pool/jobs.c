#include "pool/jobs.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "contract.h"
#include "pool/makereader.h"
#include "ground/arena.h"
#include "ground/number.h"

/* One -j of a command line. */
struct found {
	char *from;   /* its beginning in its word; NULL: the word has none */
	char *number; /* what follows it there; NULL: nothing */
	bool heeds;   /* the word is no -j, and makes the program heed a jobserver in spite of one */
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const struct jobs_option *option_of(const char *family)
{
	for (size_t i = 0; i < sizeof jobs_options / sizeof jobs_options[0]; i++)
		if (strcmp(jobs_options[i].family, family) == 0)
			return &jobs_options[i];
	return NULL;
}

static struct found found_at(char *from, char *behind, bool equals)
{
	if (equals && *behind == '=')
		behind++;
	return (struct found){ .from = from, .number = *behind == '\0' ? NULL : behind };
}

/* Whether a word is this long option, or begins it, as getopt_long(3) has it. */
static bool is_long(const char *word, const char *name)
{
	size_t length = strlen(word);

	return length > strlen("--") && strncmp(word, name, length) == 0;
}

/* Looks through one word. *argument tells whether the next one belongs to another option of this one. */
static struct found find(const struct jobs_option *option, char *word, bool *argument)
{
	const struct found nothing = { .from = NULL };
	size_t name = strlen(option->long_name);

	if (word[0] != '-')
		return nothing;
	if (word[1] == '-') {
		bool is_ours = name > 0 && strncmp(word, option->long_name, name) == 0 &&
		               (word[name] == '\0' || word[name] == '=' || (!option->letters && is_digit(word[name])));

		if (is_ours)
			return found_at(word, word + name, true);
		*argument = option->gnu_make ? make_long_takes_next(word + 2) : is_long(word, option->long_taking);
		return (struct found){ .heeds = is_long(word, option->heeding) };
	}
	if (!option->letters)
		return word[1] == 'j' ? found_at(word, word + 2, true) : nothing;
	for (char *letter = word + 1; *letter != '\0'; letter++) {
		if (*letter == 'j')
			return found_at(letter == word + 1 ? word : letter, letter + 1, false);
		if (strchr(option->ending, *letter) != NULL)
			return nothing;
		if (strchr(option->taking, *letter) != NULL) {
			*argument = letter[1] == '\0';
			return nothing;
		}
	}
	return nothing;
}

static long value_of(const struct jobs_option *option, const char *number)
{
	long value;

	if (number == NULL)
		return JOBS_UNBOUNDED;
	if (*number == '\0' || number[strspn(number, "0123456789")] != '\0')
		return JOBS_ODD;
	value = number_first(number);
	return value >= INT_MAX || (value == 0 && option->refuses_zero) ? JOBS_ODD : value;
}

/* Where the next word that stays goes to. */
static char **keep(char ***to, bool drop)
{
	static char *nowhere;

	return drop ? (*to)++ : &nowhere;
}

static long walk(const struct jobs_option *option, char *argv[], bool drop, bool *heeds)
{
	long jobs = JOBS_UNSAID;
	char **to = argv + 1;
	bool ended = false;

	if (argv[0] == NULL)
		return jobs;
	for (char **at = argv + 1; *at != NULL; at++) {
		char *word = *at;
		bool argument = false;
		struct found found = { .from = NULL };

		if (strcmp(word, "--") == 0)
			ended = !option->beyond;
		else if (!ended)
			found = find(option, word, &argument);
		*heeds = *heeds || found.heeds;
		if (found.from != NULL && found.number == NULL && at[1] != NULL && (option->needs_number || is_digit(at[1][0])))
			found.number = *++at;
		if (found.from != NULL && jobs != JOBS_ODD)
			jobs = value_of(option, found.number);
		if (drop && found.from != NULL && found.from != word)
			*found.from = '\0';
		if (found.from != word)
			*keep(&to, drop) = word;
		if (argument && at[1] != NULL)
			*keep(&to, drop) = *++at;
	}
	*keep(&to, drop) = NULL;
	return jobs;
}

long jobs_read(const char *family, char *argv[])
{
	const struct jobs_option *option = option_of(family);
	bool heeds = false;

	return option == NULL ? JOBS_UNSAID : walk(option, argv, false, &heeds);
}

bool jobs_heed(const char *family, char *argv[])
{
	const struct jobs_option *option = option_of(family);
	bool heeds = false;

	if (option != NULL)
		walk(option, argv, false, &heeds);
	return heeds;
}

void jobs_drop(const char *family, char *argv[])
{
	const struct jobs_option *option = option_of(family);
	bool heeds = false;

	if (option != NULL)
		walk(option, argv, true, &heeds);
}

char **jobs_insert(char *argv[], char *word)
{
	size_t count = 0;
	char **larger;

	while (argv[count] != NULL)
		count++;
	larger = count == 0 ? NULL : arena_pointers(count + 2);
	if (larger == NULL)
		return NULL;
	larger[0] = argv[0];
	larger[1] = word;
	memcpy(larger + 2, argv + 1, count * sizeof *larger);
	return larger;
}
