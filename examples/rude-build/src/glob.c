#include "wordmill.h"

static bool one_matches(struct slice *pattern, char c)
{
	bool inverted, found = false;
	size_t i = 1;
	if (pattern->at[0] != '[') {
		found = pattern->at[0] == '?' || pattern->at[0] == c;
		*pattern = slice_part(*pattern, 1, pattern->length);
		return found;
	}
	inverted = pattern->length > 1 && pattern->at[1] == '!';
	i += inverted;
	for (size_t start = i; i < pattern->length && (pattern->at[i] != ']' || i == start); i++) {
		if (i + 2 < pattern->length && pattern->at[i + 1] == '-' && pattern->at[i + 2] != ']') {
			found |= pattern->at[i] <= c && c <= pattern->at[i + 2];
			i += 2;
		} else {
			found |= pattern->at[i] == c;
		}
	}
	*pattern = slice_part(*pattern, i + 1, pattern->length);
	return found != inverted;
}

bool glob_matches(struct slice pattern, struct slice text)
{
	struct slice after_star = {0}, retry = {0};
	bool star = false;
	while (text.length) {
		if (pattern.length && pattern.at[0] == '*') {
			pattern = after_star = slice_part(pattern, 1, pattern.length);
			retry = text;
			star = true;
			continue;
		}
		if (pattern.length && one_matches(&pattern, text.at[0])) {
			text = slice_part(text, 1, text.length);
			continue;
		}
		if (!star)
			return false;
		retry = text = slice_part(retry, 1, retry.length);
		pattern = after_star;
	}
	while (pattern.length && pattern.at[0] == '*')
		pattern = slice_part(pattern, 1, pattern.length);
	return pattern.length == 0;
}
