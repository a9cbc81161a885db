#include "ground/number.h"

#include <errno.h>
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
