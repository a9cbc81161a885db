#include "rules/pattern.h"

#include <stddef.h>
#include <string.h>

/* On a mismatch the last * takes one character more; if it can't, the last ** takes one directory more, and what is behind it begins anew. */
bool pattern_matches(const char *pattern, const char *path)
{
	const char *star = NULL, *star_at = NULL, *deep = NULL, *deep_at = NULL;

	while (*pattern != '\0' || *path != '\0') {
		if (strncmp(pattern, "**/", 3) == 0) {
			deep = pattern += 3;
			deep_at = path;
			star = NULL;
		} else if (*pattern == '*') {
			star = ++pattern;
			star_at = path;
		} else if (*pattern != '\0' && *pattern == *path) {
			pattern++;
			path++;
		} else if (star != NULL && *star_at != '\0' && *star_at != '/') {
			pattern = star;
			path = ++star_at;
		} else if (deep != NULL && (deep_at = strchr(deep_at, '/')) != NULL) {
			pattern = deep;
			path = ++deep_at;
			star = NULL;
		} else {
			return false;
		}
	}
	return true;
}
