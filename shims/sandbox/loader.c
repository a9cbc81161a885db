#include "sandbox/loader.h"

#include <stddef.h>
#include <string.h>

bool loader_is(const char *name)
{
	const bool is_libc = strcmp(name, "libc.so") == 0 || strncmp(name, "libc.musl-", strlen("libc.musl-")) == 0;

	return is_libc || (strncmp(name, "ld", 2) == 0 && strstr(name, ".so") != NULL);
}

/* The next word is their value, unless it follows a `=`; ld.so(8), and ldso/dynlink.c of musl. */
static bool has_value(const char *option)
{
	static const char *const options[] = {
		"--argv0", "--audit", "--glibc-hwcaps-mask", "--glibc-hwcaps-prepend", "--inhibit-rpath", "--library-path", "--preload",
	};

	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		if (strcmp(option, options[i]) == 0)
			return true;
	return false;
}

static bool starts_nothing(const char *option)
{
	static const char *const options[] = { "--help", "--list", "--list-diagnostics", "--list-tunables", "--verify", "--version" };

	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		if (strcmp(option, options[i]) == 0)
			return true;
	return false;
}

char **loader_words(char **words)
{
	char **at = words[0] == NULL ? words : words + 1;

	for (; at[0] != NULL && strncmp(at[0], "--", 2) == 0; at++) {
		if (starts_nothing(at[0]))
			return NULL;
		if (at[0][2] == '\0')
			return at[1] == NULL ? NULL : at + 1;
		if (has_value(at[0]) && *++at == NULL)
			return NULL;
	}
	return at[0] == NULL ? NULL : at;
}
