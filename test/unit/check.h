/* What a unit test finds, as TAP: a line for each check, and below one that fails what was found and what was wanted. Control
 * characters, what is no ASCII, and #, which means something in TAP, are written as \xNN. */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int check_count, check_failed;

static inline void check_write(const char *text)
{
	for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++)
		printf(*at < ' ' || *at > '~' || *at == '#' ? "\\x%02x" : "%c", *at);
}

static inline void check_line(bool ok, const char *what, const char *name)
{
	check_count++;
	check_failed += !ok;
	printf("%sok %d - %s :: ", ok ? "" : "not ", check_count, what);
	check_write(name);
	putchar('\n');
}

/* Checks a number. `what`: the function; `name`: what it was asked. */
static inline void check_number(const char *what, const char *name, long long found, long long wanted)
{
	check_line(found == wanted, what, name);
	if (found != wanted)
		printf("# found %lld, wanted %lld\n", found, wanted);
}

/* Checks a decimal number, bit by bit. */
static inline void check_decimal(const char *what, const char *name, double found, double wanted)
{
	const bool ok = memcmp(&found, &wanted, sizeof found) == 0;

	check_line(ok, what, name);
	if (!ok)
		printf("# found %.17g, wanted %.17g\n", found, wanted);
}

/* Checks a text; NULL is none. */
static inline void check_text(const char *what, const char *name, const char *found, const char *wanted)
{
	const bool ok = found == NULL || wanted == NULL ? found == wanted : strcmp(found, wanted) == 0;

	check_line(ok, what, name);
	if (ok)
		return;
	printf("# found ");
	check_write(found == NULL ? "(none)" : found);
	printf("\n# wanted ");
	check_write(wanted == NULL ? "(none)" : wanted);
	putchar('\n');
}

/* Returns what main is to return. */
static inline int check_end(void)
{
	printf("1..%d\n", check_count);
	return check_failed > 0;
}

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

#endif
