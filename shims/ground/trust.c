#include "ground/trust.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ground/file.h"
#include "ground/retry.h"

enum { LINKS_MAX = 40, OVERFLOW_UID = 65534 };

/* The owner of / below `unshare -r`: a user that the namespace has no number for. Who it is can't be told, and has to do. */
static bool is_unmapped(uid_t uid)
{
	char text[64], *at;

	if (uid != OVERFLOW_UID)
		return false;
	/* All users are there in a map of one line: inside, outside, how many. */
	return read_small_file("/proc/self/uid_map", text, sizeof text) <= 0 || strtoull(text, &at, 10) != 0 ||
	       strtoull(at, &at, 10) != 0 || strtoull(at, &at, 10) != UINT32_MAX;
}

static enum trust look(const char *path, struct stat *status)
{
	int result;

	result = RETRY(lstat(path, status));
	if (result < 0)
		return NO_DIRECTORY;
	if (status->st_uid != geteuid() && status->st_uid != 0 && !is_unmapped(status->st_uid))
		return FOREIGN;
	if (S_ISLNK(status->st_mode))
		return TRUSTED;
	if (!S_ISDIR(status->st_mode))
		return NO_DIRECTORY;
	return (status->st_mode & S_IWOTH) == 0 || (status->st_mode & S_ISVTX) != 0 ? TRUSTED : FOREIGN;
}

/* Puts what the link at place leads to before rest. False where that is too long. */
static bool follow(const char *place, char rest[PATH_MAX], const char *behind)
{
	char whole[PATH_MAX];
	ssize_t length = readlink(place, whole, sizeof whole);
	const size_t more = strlen(behind) + 1;

	if (length <= 0 || (size_t)length + more > sizeof whole)
		return false;
	memcpy(whole + length, behind, more);
	memcpy(rest, whole, (size_t)length + more);
	return true;
}

/* Takes the last name off a place; nothing is left of the root. */
static void climb(char *place)
{
	char *slash = strrchr(place, '/');

	if (slash != NULL)
		*slash = '\0';
}

enum trust trust_of_directory(const char *path)
{
	char place[PATH_MAX] = "", rest[PATH_MAX];
	char *at = rest;
	struct stat status;
	unsigned links = 0;
	enum trust trust = look("/", &status);

	if (path[0] != '/' || strlen(path) >= sizeof rest)
		return NO_DIRECTORY;
	strcpy(rest, path);
	while (trust == TRUSTED) {
		const size_t before = strlen(place);
		size_t length;

		at += strspn(at, "/");
		length = strcspn(at, "/");
		if (length == 0)
			break;
		if (length == 2 && memcmp(at, "..", 2) == 0) {
			climb(place);
		} else if (length != 1 || *at != '.') {
			if (before + length + 2 > sizeof place)
				return NO_DIRECTORY;
			place[before] = '/';
			memcpy(place + before + 1, at, length);
			place[before + 1 + length] = '\0';
		}
		at += length;
		trust = look(place[0] == '\0' ? "/" : place, &status);
		if (trust != TRUSTED || !S_ISLNK(status.st_mode))
			continue;
		if (++links > LINKS_MAX || !follow(place, rest, at))
			return NO_DIRECTORY;
		at = rest;
		if (*at == '/')
			place[0] = '\0';
		else
			climb(place);
	}
	return trust;
}
