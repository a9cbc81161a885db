#include "wordmill.h"

static const uint32_t smallest[] = {0, 0x80, 0x800, 0x10000};

uint32_t utf8_next(struct slice *rest)
{
	unsigned char first = (unsigned char)rest->at[0];
	size_t more = first < 0x80 ? 0 : first >> 5 == 6 ? 1 : first >> 4 == 14 ? 2 : first >> 3 == 30 ? 3 : 9;
	uint32_t point = more == 0 ? first : first & (0x3fu >> more);
	if (more < rest->length) {
		for (size_t i = 1; i <= more; i++) {
			unsigned char next = (unsigned char)rest->at[i];
			if (next >> 6 != 2)
				goto malformed;
			point = point << 6 | (next & 0x3f);
		}
		if (point >= smallest[more] && point < 0x110000 && point >> 11 != 0x1b) {
			*rest = slice_part(*rest, more + 1, rest->length);
			return point;
		}
	}
malformed:
	*rest = slice_part(*rest, 1, rest->length);
	return 0xfffd;
}

void utf8_add(struct buffer *out, uint32_t point)
{
	static const unsigned char mark[] = {0, 0xc0, 0xe0, 0xf0};
	int more = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
	buffer_byte(out, (char)(mark[more] | point >> (6 * more)));
	while (more-- > 0)
		buffer_byte(out, (char)(0x80 | (point >> (6 * more) & 0x3f)));
}

size_t utf8_points(struct slice s)
{
	size_t count = 0;
	for (; s.length; count++)
		utf8_next(&s);
	return count;
}

bool utf8_valid(struct slice s)
{
	while (s.length) {
		struct slice before = s;
		if (utf8_next(&s) == 0xfffd && before.length - s.length == 1)
			return false;
	}
	return true;
}
