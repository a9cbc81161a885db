#include "ground/number.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

bool number_read(const char *text, uint64_t most, uint64_t *number)
{
	unsigned long long value;

	if (*text == '\0' || text[strspn(text, "0123456789")] != '\0')
		return false;
	errno = 0;
	value = strtoull(text, NULL, 10);
	if (errno != 0 || value > most)
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
