#include "arguments.h"

#include <stddef.h>
#include <string.h>

#include "contract.h"

static bool flag_matches(const char *flag, const char *argument)
{
	size_t length = strlen(flag);

	if (flag[length - 1] == '*')
		return strncmp(flag, argument, length - 1) == 0;
	return strcmp(flag, argument) == 0;
}

static const struct argument_kind *kind_of(const char *family, const char *argument, bool first)
{
	for (size_t i = 0; i < sizeof argument_kinds / sizeof argument_kinds[0]; i++) {
		const struct argument_kind *kind = &argument_kinds[i];

		if (strcmp(kind->family, family) == 0 && (first || !kind->first) && flag_matches(kind->flag, argument))
			return kind;
	}
	return NULL;
}

bool arguments_are_probe(const char *family, char *const argv[])
{
	bool input = false;

	/* Whatever the tool: alone, these print and exit. */
	if (argv[0] != NULL && argv[1] != NULL && argv[2] == NULL &&
	    (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-V=full") == 0))
		return true;
	if (family[0] == '\0' || argv[0] == NULL)
		return false;
	for (int i = 1; argv[i] != NULL; i++) {
		const struct argument_kind *kind = kind_of(family, argv[i], i == 1);

		if (kind != NULL && kind->probe)
			return true;
		if (argv[i][0] != '-' || argv[i][1] == '\0')
			input = true;
	}
	if (input)
		return false;
	for (size_t i = 0; i < sizeof needs_input / sizeof needs_input[0]; i++)
		if (strcmp(needs_input[i], family) == 0)
			return true;
	return false;
}
