#include "wordmill.h"

void rot(struct buffer *out, struct slice s, int by)
{
	for (size_t i = 0; i < s.length; i++) {
		char c = s.at[i], base = c >= 'a' && c <= 'z' ? 'a' : c >= 'A' && c <= 'Z' ? 'A' : 0;
		buffer_byte(out, base ? (char)(base + ((c - base + by) % 26 + 26) % 26) : c);
	}
}
