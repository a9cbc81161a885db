#include "wordmill.h"

/* One per letter; 0 is a vowel, which parts two equal codes; 9 is h or w, which doesn't. */
static const char codes[] = "01230129022455012623019202";

void soundex(struct buffer *out, struct slice word)
{
	size_t made = 0;
	char last = '0';
	for (size_t i = 0; i < word.length && made < 4; i++) {
		char code;
		if (!ascii_letter(word.at[i]))
			continue;
		code = codes[ascii_lower(word.at[i]) - 'a'];
		if (made == 0) {
			buffer_byte(out, ascii_upper(word.at[i]));
			made++;
		} else if (code != '0' && code != '9' && code != last) {
			buffer_byte(out, code);
			made++;
		}
		if (code != '9')
			last = code;
	}
	buffer_repeat(out, '0', made ? 4 - made : 0);
}
