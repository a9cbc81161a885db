/* ground/text.c: texts as of libc's snprintf. */
#include "ground/text.h"

#include <inttypes.h>
#include <limits.h>

#include "check.h"

enum { ROOM = 96 };

/* What ours makes of a format in all rooms up to ROOM is what libc makes of it, and nothing is written behind. */
#define check_same(...)                                                                                                \
	do {                                                                                                           \
		char ours[ROOM + 1], wanted[ROOM + 1], name[ROOM];                                                     \
		bool same = true;                                                                                      \
                                                                                                                       \
		for (size_t room = 0; room <= ROOM; room++) {                                                          \
			memset(ours, '#', sizeof ours);                                                                \
			memset(wanted, '#', sizeof wanted);                                                            \
			same = same && text_put(ours, room, __VA_ARGS__) == snprintf(wanted, room, __VA_ARGS__) &&     \
			       memcmp(ours, wanted, sizeof ours) == 0;                                                 \
		}                                                                                                      \
		snprintf(name, sizeof name, __VA_ARGS__);                                                              \
		check_line(same, "text_put", name);                                                                    \
	} while (0)

static void check_behind(const char *text, size_t length, const char *part, const char *behind)
{
	check_text("text_behind", part, text_behind(text, length, part), behind);
}

int main(void)
{
	char decimals[ROOM];

	check_same("%s", "");
	check_same("no conversion");
	check_same("/proc/%d/task/%d/fd/%d", 1, INT_MAX, 0);
	check_same("%d %d %ld", -1, INT_MIN, LONG_MIN);
	check_same("%u %lu %llu", UINT_MAX, ULONG_MAX, ULLONG_MAX);
	check_same("%x %lx %" PRIx64, UINT_MAX, ULONG_MAX, UINT64_MAX);
	check_same("%ju %jd %" PRIu64, UINTMAX_MAX, INTMAX_MIN, UINT64_MAX);
	check_same("%lld %" PRIdMAX, LLONG_MIN, INTMAX_MAX);
	check_same("%016" PRIx64 " %02x \\u%04x %09ld", (uint64_t)0xabc, 7u, 0x12345u, 12L);
	check_same("[%.*s] [%.*s] [%.*s]", 3, "whole", 0, "none", 99, "all");
	check_same("%.*s", 2, (const char[]){ 'n', 'o' });
	check_same("100 %% of %s%c%c", "it", 'x', '\n');
	check_same("%g s, %g s, %g s, %g s", 0.0, 300.0, 0.25, 2.5);
	text_put(decimals, sizeof decimals, "%g %g %g", 1e6, 123456789.5, 0.000001);
	check_text("text_put", "no exponent", decimals, "1000000 123456789.5 0.000001");
	check_behind("flags:\t02", 9, "flags:", "\t02");
	check_behind("flags:\t02", 6, "flags:", "\t02");
	check_behind("flags:\t02", 5, "flags:", NULL);
	check_behind("aab", 3, "ab", "");
	check_behind("a\0b c", 5, "b", " c");
	check_behind("", 0, "x", NULL);
	return check_end();
}
