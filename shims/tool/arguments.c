#include "tool/arguments.h"

#include <stddef.h>
#include <string.h>

#include "contract.h"
#include "ground/words.h"

enum { KINDS = sizeof argument_kinds / sizeof argument_kinds[0] };

static bool value_matches(const char *flag, const char *value)
{
	size_t length = strlen(flag);

	if (length > 0 && flag[length - 1] == '*')
		return strncmp(flag, value, length - 1) == 0;
	return strcmp(flag, value) == 0;
}

/* `--flag=value` in the table is `--flag value` on many command lines. */
static bool flag_matches(const char *flag, const char *argument, const char *next)
{
	size_t name;

	if (flag[0] != argument[0])
		return false;
	if (value_matches(flag, argument))
		return true;
	name = strlen(argument);
	return next != NULL && strncmp(flag, argument, name) == 0 && flag[name] == '=' && value_matches(flag + name + 1, next);
}

static bool row_matches(const struct argument_kind *row, const char *argument, const char *next)
{
	WORDS_EACH(flag, row->flags)
		if (flag_matches(flag, argument, next))
			return true;
	return false;
}

static const struct family_run *run_of(const char *family)
{
	for (size_t i = 0; i < sizeof family_runs / sizeof family_runs[0]; i++)
		if (strcmp(family_runs[i].family, family) == 0)
			return &family_runs[i];
	return NULL;
}

enum run_kind arguments_kind(const char *family, char *const argv[])
{
	const struct family_run *run = run_of(family);
	size_t first = 0, end, best;
	bool input = false;

	/* With only one of these, every tool prints and exits. */
	if (argv[0] != NULL && argv[1] != NULL && argv[2] == NULL &&
	    (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-V=full") == 0))
		return RUN_PROBE;
	if (run == NULL || argv[0] == NULL)
		return RUN_OTHER;
	while (first < KINDS && strcmp(argument_kinds[first].family, family) != 0)
		first++;
	for (end = first; end < KINDS && strcmp(argument_kinds[end].family, family) == 0;)
		end++;
	best = end;
	for (int i = 1; argv[i] != NULL; i++) {
		for (size_t row = first; row < best; row++)
			if ((i == 1 || !argument_kinds[row].first) && row_matches(&argument_kinds[row], argv[i], argv[i + 1]))
				best = row;
		if (argv[i][0] != '-' || argv[i][1] == '\0')
			input = true;
	}
	if (run->needs_input && !input)
		return RUN_PROBE;
	return best < end ? argument_kinds[best].kind : run->otherwise;
}

static bool has_source_suffix(const char *argument)
{
	const char *dot = strrchr(argument, '.');

	return dot != NULL && words_have(source_suffixes, dot + 1);
}

const char *arguments_file(enum run_kind kind, char *const argv[])
{
	static const char output_flag[] = "--output=";
	const char *output = NULL, *source = NULL, *other = NULL;

	for (int i = 1; argv[0] != NULL && argv[i] != NULL; i++) {
		const char *argument = argv[i];

		if (strcmp(argument, "-o") == 0 && argv[i + 1] != NULL)
			output = argv[++i];
		else if (strncmp(argument, output_flag, sizeof output_flag - 1) == 0)
			output = argument + sizeof output_flag - 1;
		else if (words_have(valued_flags, argument) && argv[i + 1] != NULL)
			i++;
		else if (argument[0] == '-' || argument[0] == '@')
			continue;
		else if (source == NULL && has_source_suffix(argument))
			source = argument;
		else if (other == NULL && strpbrk(argument, "./") != NULL)
			other = argument;
	}
	if (kind == RUN_LINK)
		return output != NULL ? output : source != NULL ? source : other != NULL ? other : "";
	return source != NULL ? source : output != NULL ? output : other != NULL ? other : "";
}
