#include "sandbox/loader.h"

#include <stddef.h>
#include <string.h>

#include "ground/file.h"

/* Both lists end with NULL, and have options without their dashes. */
struct options {
	const char *dashes; /* that each begins with */
	const char *const *with_value; /* the next word is their value, unless it follows a `=` */
	const char *const *starting_nothing;
};

/* ld.so(8), and ldso/dynlink.c of musl. */
static const char *const of_libc[] = {
	"argv0", "audit", "glibc-hwcaps-mask", "glibc-hwcaps-prepend", "inhibit-rpath", "library-path", "preload", NULL,
};
static const char *const libc_starting_nothing[] = {
	"help", "list", "list-diagnostics", "list-tunables", "verify", "version", NULL,
};

/* qemu's manual, "User Mode Emulation"; it takes one dash or two. */
static const char *const of_emulator[] = {
	"0", "B", "D", "E", "L", "R", "U", "cpu", "d", "dfilter", "g", "p", "plugin", "r", "s", "seed", "trace", NULL,
};
static const char *const emulator_starting_nothing[] = { "h", "help", "v", "version", NULL };

/* Its own take their values behind a `=`. */
static const char *const of_valgrind[] = { NULL };
static const char *const valgrind_starting_nothing[] = { "h", "help", "help-debug", "help-dyn-options", "version", NULL };

static const struct options options[] = {
	[LOADER_NONE] = { "", of_valgrind, of_valgrind },
	[LOADER_LIBC] = { "--", of_libc, libc_starting_nothing },
	[LOADER_EMULATOR] = { "-", of_emulator, emulator_starting_nothing },
	[LOADER_VALGRIND] = { "-", of_valgrind, valgrind_starting_nothing },
};

static bool begins(const char *name, const char *with)
{
	return strncmp(name, with, strlen(with)) == 0;
}

static bool is_libc(const char *name)
{
	return strcmp(name, "libc.so") == 0 || begins(name, "libc.musl-") || (begins(name, "ld") && strstr(name, ".so") != NULL);
}

/* qemu-aarch64, qemu-aarch64-static, and what else the kernel's binfmt_misc is set up with. */
static bool is_emulator(const char *name)
{
	static const char *const others[] = { "FEX", "FEXInterpreter", "FEXLoader", "box32", "box64", "box86", "rosetta" };

	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (strcmp(name, others[i]) == 0)
			return true;
	return begins(name, "qemu-") && !begins(name, "qemu-system-");
}

enum loader loader_of(const char *path)
{
	const char *name = base_name(path);

	if (is_libc(name))
		return LOADER_LIBC;
	if (is_emulator(name))
		return LOADER_EMULATOR;
	return strstr(path, "/valgrind/") != NULL ? LOADER_VALGRIND : LOADER_NONE;
}

bool loader_searches(enum loader loader)
{
	return loader == LOADER_VALGRIND;
}

static bool has(const char *const *names, const char *option)
{
	for (; *names != NULL; names++)
		if (strcmp(option, *names) == 0)
			return true;
	return false;
}

char **loader_words(enum loader loader, char **words)
{
	const struct options *its = &options[loader];
	char **at = words[0] == NULL ? words : words + 1;

	for (; at[0] != NULL && begins(at[0], its->dashes); at++) {
		const char *option = at[0] + strspn(at[0], "-");

		if (option == at[0] + 2 && option[0] == '\0')
			return at[1] == NULL ? NULL : at + 1;
		if (has(its->starting_nothing, option))
			return NULL;
		if (has(its->with_value, option) && *++at == NULL)
			return NULL;
	}
	return at[0] == NULL ? NULL : at;
}
