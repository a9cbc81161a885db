#include "tool/option.h"

#include <stddef.h>
#include <string.h>

#include "contract.h"

const struct launcher_option *option_named(const char *word)
{
	for (size_t i = 0; i < sizeof launcher_options / sizeof launcher_options[0]; i++)
		if (strcmp(word, launcher_options[i].option) == 0)
			return &launcher_options[i];
	return NULL;
}
