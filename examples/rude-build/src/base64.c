#include "wordmill.h"
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(struct buffer *out, struct slice s)
{
	for (size_t i = 0; i < s.length; i += 3) {
		size_t here = s.length - i < 3 ? s.length - i : 3;
		uint32_t bits = 0;
		for (size_t j = 0; j < 3; j++)
			bits = bits << 8 | (j < here ? (unsigned char)s.at[i + j] : 0);
		for (size_t j = 0; j < 4; j++)
			buffer_byte(out, j <= here ? digits[bits >> (18 - 6 * j) & 63] : '=');
	}
}

bool base64_decode(struct buffer *out, struct slice s)
{
	uint32_t bits = 0;
	int have = 0;
	while (s.length && s.at[s.length - 1] == '=')
		s.length--;
	for (size_t i = 0; i < s.length; i++) {
		const char *digit = memchr(digits, s.at[i], 64);
		if (!digit)
			return false;
		bits = bits << 6 | (uint32_t)(digit - digits);
		have += 6;
		if (have >= 8) {
			have -= 8;
			buffer_byte(out, (char)(bits >> have & 255));
		}
	}
	return have < 6;
}
