#include "arguments.h"

#include <stddef.h>
#include <string.h>

#include "contract.h"

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

	/* Whatever the tool: alone, these print and exit. */
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
			if ((i == 1 || !argument_kinds[row].first) && flag_matches(argument_kinds[row].flag, argv[i], argv[i + 1]))
				best = row;
		if (argv[i][0] != '-' || argv[i][1] == '\0')
			input = true;
	}
	if (run->needs_input && !input)
		return RUN_PROBE;
	return best < end ? argument_kinds[best].kind : run->otherwise;
}
