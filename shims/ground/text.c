#include "ground/text.h"

#include <stdint.h>
#include <string.h>

#include "ground/number.h"

enum { MILLION = 1000000 };

struct text {
	char *to;
	size_t room, length;
	va_list arguments;
};

static void put(struct text *text, const char *bytes, size_t count)
{
	for (; count > 0; count--, bytes++, text->length++)
		if (text->length + 1 < text->room)
			text->to[text->length] = *bytes;
}

static void put_digits(struct text *text, uint64_t number, unsigned base, int width)
{
	char digits[NUMBER_DIGITS_MAX], *end = digits + sizeof digits, *at = end;

	do
		*--at = "0123456789abcdef"[number % base];
	while ((number /= base) != 0);
	for (; width > end - at; width--)
		put(text, "0", 1);
	put(text, at, (size_t)(end - at));
}

/* Longs: none of an int, one of a long, two of what is longer. */
static void put_number(struct text *text, char conversion, int longs, int width)
{
	static const unsigned char sizes[] = { sizeof(int), sizeof(long), sizeof(long long) };
	int64_t number = longs == 0 ? va_arg(text->arguments, int)
	                            : (longs == 1 ? va_arg(text->arguments, long) : va_arg(text->arguments, long long));
	const uint64_t mask = UINT64_MAX >> (8 * (sizeof number - sizes[longs]));

	if (conversion != 'd') {
		put_digits(text, (uint64_t)number & mask, conversion == 'x' ? 16 : 10, width);
		return;
	}
	if (number < 0)
		put(text, "-", 1);
	put_digits(text, number < 0 ? -(uint64_t)number : (uint64_t)number, 10, width);
}

static void put_string(struct text *text, int most)
{
	const char *string = va_arg(text->arguments, const char *);

	if (string == NULL)
		string = "(null)";
	put(text, string, strnlen(string, (size_t)most));
}

static void put_decimal(struct text *text)
{
	const uint64_t millionths = (uint64_t)(va_arg(text->arguments, double) * MILLION + 0.5);

	put_digits(text, millionths / MILLION, 10, 0);
	if (millionths % MILLION > 0)
		put(text, ".", 1);
	for (uint64_t rest = millionths % MILLION; rest > 0; rest = rest * 10 % MILLION)
		put_digits(text, rest * 10 / MILLION, 10, 0);
}

/* What stands behind a %. Returns its last letter. */
static const char *convert(struct text *text, const char *at)
{
	int width = 0, most = -1, longs = 0;
	char character;

	for (; *at >= '0' && *at <= '9'; at++)
		width = width * 10 + (*at - '0');
	if (*at == '.') {
		most = va_arg(text->arguments, int);
		at += strlen(".*");
	}
	for (; *at == 'l' || *at == 'j'; at++)
		longs += *at == 'l' ? 1 : 2;
	if (*at == 's') {
		put_string(text, most);
	} else if (*at == 'g') {
		put_decimal(text);
	} else if (*at == 'd' || *at == 'u' || *at == 'x') {
		put_number(text, *at, longs, width);
	} else {
		character = *at == 'c' ? (char)va_arg(text->arguments, int) : '%';
		put(text, &character, 1);
	}
	return at;
}

int text_put_list(char *to, size_t room, const char *format, va_list arguments)
{
	struct text text = { .to = to, .room = room };

	va_copy(text.arguments, arguments);
	for (const char *at = format; *at != '\0'; at++) {
		if (*at == '%')
			at = convert(&text, at + 1);
		else
			put(&text, at, 1);
	}
	va_end(text.arguments);
	if (room > 0)
		to[text.length < room ? text.length : room - 1] = '\0';
	return (int)text.length;
}

int text_put(char *to, size_t room, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = text_put_list(to, room, format, arguments);
	va_end(arguments);
	return length;
}

char *text_behind(const char *text, size_t length, const char *part)
{
	const size_t size = strlen(part);

	for (const char *at = text; (size_t)(at - text) + size <= length; at++)
		if (*at == *part && memcmp(at, part, size) == 0)
			return (char *)at + size;
	return NULL;
}
