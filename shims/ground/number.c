#include "ground/number.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>

static const char BLANKS[] = " \t\n";

/* False if it does not fit: then it is the largest one. */
static bool scan(const char **text, unsigned base, uint64_t *number)
{
	bool fits = true;

	*number = 0;
	for (;; ++*text) {
		const char at = **text;
		const unsigned digit = (unsigned)(at >= 'a' ? at - 'a' + 10 : at >= '0' && at <= '9' ? at - '0' : INT_MAX);

		if (digit >= base)
			return fits;
		fits = fits && *number <= (UINT64_MAX - digit) / base;
		*number = fits ? *number * base + digit : UINT64_MAX;
	}
}

uint64_t number_scan(const char **text, unsigned base)
{
	uint64_t number;

	*text += strspn(*text, BLANKS);
	scan(text, base, &number);
	return number;
}

long number_first(const char *text)
{
	const char *at = text + strspn(text, BLANKS);
	const bool negative = *at == '-';
	uint64_t number;

	at += negative;
	scan(&at, 10, &number);
	if (number > LONG_MAX)
		number = LONG_MAX;
	return negative ? -(long)number : (long)number;
}

bool number_read(const char *text, uint64_t most, uint64_t *number)
{
	const char *end = text;
	uint64_t value;

	if (!scan(&end, 10, &value) || end == text || *end != '\0' || value > most)
		return false;
	*number = value;
	return true;
}

static const double DECIMAL_MAX = 1e9; /* seconds that in nanoseconds still fit 64 bits */

double decimal_read(const char *text, double otherwise)
{
	double value = 0, unit = 1;
	const char *at = text;

	if (strpbrk(text, "0123456789") == NULL)
		return otherwise;
	for (; *at >= '0' && *at <= '9'; at++)
		value = value * 10 + (*at - '0');
	if (*at == '.')
		for (at++; *at >= '0' && *at <= '9'; at++)
			value += (*at - '0') * (unit /= 10);
	if (*at != '\0')
		return otherwise;
	return value < DECIMAL_MAX ? value : DECIMAL_MAX;
}

char *number_put(char *at, uint64_t number)
{
	char digits[NUMBER_DIGITS_MAX];
	size_t count = 0;

	do
		digits[count++] = (char)('0' + number % 10);
	while ((number /= 10) != 0);
	while (count > 0)
		*at++ = digits[--count];
	*at = '\0';
	return at;
}
