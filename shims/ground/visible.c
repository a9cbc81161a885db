#include "ground/visible.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "contract.h"
#include "ground/text.h"

enum { LONGEST = 10 }; /* what one character becomes: \u{10ffff} */

static bool is_hidden(uint32_t code)
{
	for (size_t i = 0; i < sizeof hidden_ranges / sizeof hidden_ranges[0]; i++)
		if (code >= hidden_ranges[i].from && code <= hidden_ranges[i].to)
			return true;
	return false;
}

/* Reads one character of UTF-8. Returns its length, 0 if there is none. */
static size_t read_character(const unsigned char *text, size_t length, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t bytes = 1;

	if (text[0] >= 0x80)
		bytes = text[0] < 0xc0 || text[0] >= 0xf8 ? 0 : text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
	if (bytes == 0 || bytes > length)
		return 0;
	*code = bytes == 1 ? text[0] : text[0] & (0x7fu >> bytes);
	for (size_t i = 1; i < bytes; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (text[i] & 0x3fu);
	}
	if (*code < least[bytes] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return bytes;
}

size_t visible(char *to, size_t size, const char *text, size_t length)
{
	const unsigned char *at = (const unsigned char *)text, *end = at + length;
	size_t used = 0;

	if (size == 0)
		return 0;
	while (at < end && used + LONGEST < size) {
		uint32_t code;
		const size_t bytes = read_character(at, (size_t)(end - at), &code);

		if (bytes > 0 && !is_hidden(code)) {
			memcpy(to + used, at, bytes);
			used += bytes;
		} else if (bytes == 0 || code < 0x100) {
			used += (size_t)text_put(to + used, LONGEST + 1, "\\x%02x", (unsigned)(bytes == 0 ? *at : code));
		} else {
			used += (size_t)text_put(to + used, LONGEST + 1, code < 0x10000 ? "\\u%04x" : "\\u{%x}", (unsigned)code);
		}
		at += bytes == 0 ? 1 : bytes;
	}
	to[used] = '\0';
	return used;
}

bool visible_is_utf8(const char *text, size_t length)
{
	const unsigned char *at = (const unsigned char *)text, *end = at + length;
	uint32_t code;

	while (at < end) {
		const size_t bytes = read_character(at, (size_t)(end - at), &code);

		if (bytes == 0)
			return false;
		at += bytes;
	}
	return true;
}
