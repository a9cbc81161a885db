/* ground/visible.c: what others wrote, as a terminal may be given it. */
#include "ground/visible.h"

#include "check.h"

static const struct {
	const char *text, *shown;
	bool is_utf8;
} texts[] = {
	{ "", "", true },
	{ "plain text, 100%", "plain text, 100%", true },
	{ "gr\303\266\303\237er \345\244\247 \360\237\233\240", "gr\303\266\303\237er \345\244\247 \360\237\233\240", true },
	{ "\033]0;x\007", "\\x1b]0;x\\x07", true },
	{ "a\nb\tc\rd", "a\\x0ab\\x09c\\x0dd", true },
	{ "\177", "\\x7f", true },
	{ "\302\205", "\\x85", true },                 /* U+0085 moves a cursor, too */
	{ "\302\255", "\\xad", true },                 /* a soft hyphen */
	{ "\342\200\256", "\\u202e", true },           /* turns around what follows */
	{ "\357\273\277", "\\ufeff", true },
	{ "\363\240\201\201", "\\u{e0041}", true },
	{ "\233m", "\\x9bm", false },                  /* a byte that goes on nothing */
	{ "\303", "\\xc3", false },                    /* one that is missing */
	{ "\303x", "\\xc3x", false },
	{ "\344\244", "\\xe4\\xa4", false },
	{ "\300\212", "\\xc0\\x8a", false },           /* too long a form */
	{ "\340\200\212", "\\xe0\\x80\\x8a", false },
	{ "\360\200\200\212", "\\xf0\\x80\\x80\\x8a", false },
	{ "\355\240\200", "\\xed\\xa0\\x80", false },  /* half of a pair */
	{ "\364\220\200\200", "\\xf4\\x90\\x80\\x80", false }, /* beyond Unicode */
	{ "\370\210\200\200\200", "\\xf8\\x88\\x80\\x80\\x80", false },
	{ "\377", "\\xff", false },
};

/* What has no room is left out as a whole; memory behind `size` is not touched. */
static void check_room(const char *text)
{
	char whole[64], to[64];
	const size_t length = visible(whole, sizeof whole, text, strlen(text));
	bool ok = true;

	for (size_t size = 0; size <= length + 12; size++) {
		memset(to, '!', sizeof to);
		const size_t used = visible(to, size, text, strlen(text));

		ok = ok && (size == 0 ? used == 0 : used < size && to[used] == '\0' && strncmp(to, whole, used) == 0);
		ok = ok && to[size] == '!';
	}
	check_number("visible, in too little room", text, ok, true);
}

int main(void)
{
	for (size_t i = 0; i < LENGTH(texts); i++) {
		const char *text = texts[i].text;
		char shown[64];
		const size_t length = visible(shown, sizeof shown, text, strlen(text));

		check_text("visible", text, shown, texts[i].shown);
		check_number("visible, its length", text, (long long)length, (long long)strlen(texts[i].shown));
		check_number("visible_is_utf8", text, visible_is_utf8(text, strlen(text)), texts[i].is_utf8);
		check_room(text);
	}
	char shown[64];
	check_number("visible, a byte of zero", "a", (long long)visible(shown, sizeof shown, "a\0b", 3), 6);
	check_text("visible, a byte of zero", "b", shown, "a\\x00b");
	return check_end();
}
