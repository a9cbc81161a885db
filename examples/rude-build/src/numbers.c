#include "wordmill.h"
#include <limits.h>

static const char *const small[] = {
	"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
	"thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
};
static const char *const tens[] = {
	"", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
};
static const struct { unsigned long value; const char *name; } large[] = {
	{1000000000, " billion"}, {1000000, " million"}, {1000, " thousand"}, {100, " hundred"},
};

void number_in_words(struct buffer *out, unsigned long number)
{
	for (size_t i = 0; i < sizeof large / sizeof *large; i++) {
		if (number < large[i].value)
			continue;
		number_in_words(out, number / large[i].value);
		buffer_text(out, large[i].name);
		number %= large[i].value;
		if (number == 0)
			return;
		buffer_byte(out, ' ');
	}
	if (number >= 20) {
		buffer_text(out, tens[number / 10]);
		if (number % 10 == 0)
			return;
		buffer_byte(out, '-');
		number %= 10;
	}
	buffer_text(out, small[number]);
}

bool parse_number(struct slice s, long *number)
{
	bool negative = s.length && s.at[0] == '-';
	unsigned long value = 0, most = negative ? (unsigned long)LONG_MAX + 1 : LONG_MAX;
	s = slice_part(s, negative, s.length);
	if (!s.length)
		return false;
	for (size_t i = 0; i < s.length; i++) {
		unsigned long digit = (unsigned long)(s.at[i] - '0');
		if (!ascii_digit(s.at[i]) || value > (most - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*number = negative ? -(long)(value - 1) - 1 : (long)value;
	return true;
}
