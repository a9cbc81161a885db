#include "tool/families.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "contract.h"
#include "ground/words.h"

enum { PARTS_MAX = 4, PART_MAX = 32 }; /* of a triple, and the characters of one */

/* A tool's name is no part of a triple: x86_64-linux-gnu-gcc-ar is gcc-ar. */
static bool may_be_part(const char *part)
{
	for (const char *at = part; *at != '\0'; at++)
		if (isalnum((unsigned char)*at) == 0 && *at != '_' && *at != '.')
			return false;
	return part[0] != '\0' && strcmp(part, "gcc") != 0 && strcmp(part, "clang") != 0 && strcmp(part, "llvm") != 0;
}

/* As fnmatch(3) has it, but a range is of two characters, and a star is the last one: libc's would be a sixth of the launcher. */
static bool matches(const char *pattern, const char *text)
{
	for (; *pattern != '\0' && *pattern != '*'; pattern++, text++) {
		if (*pattern == '[' && *text >= pattern[1] && *text <= pattern[3])
			pattern += 4;
		else if (*pattern != *text)
			return false;
	}
	return *pattern == '*' || *text == '\0';
}

static bool is_machine(const char *part)
{
	WORDS_EACH(machine, machines)
		if (matches(machine, part) && strchr(part, '.') == NULL)
			return true;
	return false;
}

static bool is_triple(const char *text, size_t length)
{
	int parts = 0;

	for (const char *at = text; at <= text + length; parts++) {
		char part[PART_MAX];
		const char *end = memchr(at, '-', (size_t)(text + length - at));
		const size_t size = (size_t)((end == NULL ? text + length : end) - at);

		if (parts == PARTS_MAX || size >= sizeof part)
			return false;
		memcpy(part, at, size);
		part[size] = '\0';
		if (!may_be_part(part) || (parts == 0 && !is_machine(part)))
			return false;
		at += size + 1;
	}
	return true;
}

/* The length of name without a suffix such as -12 or -15.0.7. */
static size_t unversioned(const char *name)
{
	const char *dash = strrchr(name, '-');

	if (dash == NULL || dash[1] < '0' || dash[1] > '9' || dash[1 + strspn(dash + 1, ".0123456789")] != '\0')
		return strlen(name);
	return (size_t)(dash - name);
}

/* Whether name is a row's own name with what may stand before and behind it. */
static bool is_of(const struct family_row *row, const char *own_name, const char *name)
{
	const size_t own = strlen(own_name), length = row->version ? unversioned(name) : strlen(name);

	if (length < own || memcmp(name + length - own, own_name, own) != 0)
		return false;
	return length == own || (row->triple && length > own + 1 && name[length - own - 1] == '-' &&
	                         is_triple(name, length - own - 1));
}

const struct family_row *family_of(const char *name)
{
	const size_t count = sizeof family_rows / sizeof family_rows[0];

	for (size_t i = 0; i < count; i++)
		if (words_have(family_rows[i].names, name))
			return &family_rows[i];
	for (size_t i = 0; i < count; i++)
		WORDS_EACH(own, family_rows[i].names)
			if (is_of(&family_rows[i], own, name))
				return &family_rows[i];
	return NULL;
}

bool family_is_part(const char *family)
{
	return words_have("ar\0as\0ld\0ranlib\0", family);
}
