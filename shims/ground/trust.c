#include "ground/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ground/file.h"
#include "ground/number.h"
#include "ground/retry.h"

enum { LINKS_MAX = 40, OVERFLOW_UID = 65534 };

/* The owner of / below `unshare -r`: a user that the namespace has no number for. Its real number can't be told: it is trusted. */
static bool is_unmapped(uid_t uid)
{
	char text[64];
	const char *at = text;

	if (uid != OVERFLOW_UID)
		return false;
	/* All users are there in a map of one line: inside, outside, how many. */
	return read_small_file("/proc/self/uid_map", text, sizeof text) <= 0 || number_scan(&at, 10) != 0 ||
	       number_scan(&at, 10) != 0 || number_scan(&at, 10) != UINT32_MAX;
}

static bool is_trusted(uid_t uid)
{
	return uid == geteuid() || uid == 0 || is_unmapped(uid);
}

bool trust_file(const struct stat *status)
{
	return (status->st_uid == geteuid() || status->st_uid == 0) && (status->st_mode & S_IWOTH) == 0;
}

static enum trust look(const char *path, struct stat *status)
{
	int result;

	result = RETRY(lstat(path, status));
	if (result < 0)
		return NO_DIRECTORY;
	if (!is_trusted(status->st_uid))
		return FOREIGN;
	if (S_ISLNK(status->st_mode))
		return TRUSTED;
	if (!S_ISDIR(status->st_mode))
		return NO_DIRECTORY;
	return (status->st_mode & S_IWOTH) == 0 || (status->st_mode & S_ISVTX) != 0 ? TRUSTED : FOREIGN;
}

/* Puts what a link leads to before rest. False if that is too long. */
static bool follow(int directory, const char *link, char rest[PATH_MAX], const char *behind)
{
	char whole[PATH_MAX];
	ssize_t length = readlinkat(directory, link, whole, sizeof whole);
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
		if (++links > LINKS_MAX || !follow(AT_FDCWD, place, rest, at))
			return NO_DIRECTORY;
		at = rest;
		if (*at == '/')
			place[0] = '\0';
		else
			climb(place);
	}
	return trust;
}

/* The next name of a path, as what it is: a link is not followed. */
static int open_next(int place, char *name, size_t length)
{
	const char behind = name[length];
	int next;

	name[length] = '\0';
	next = open_high_at(place, name, O_PATH | O_NOFOLLOW);
	name[length] = behind;
	return next;
}

static int refuse(int place, int next, int error)
{
	if (place >= 0)
		close(place);
	if (next >= 0)
		close(next);
	errno = error;
	return -1;
}

int trust_hold_directory(const char *path)
{
	char rest[PATH_MAX], *at = rest;
	const uid_t nobody = geteuid(); /* no link of ours is another user's */
	uid_t foreign = nobody;
	unsigned links = 0;
	struct stat status;
	int place;

	if (path[0] != '/' || strlen(path) >= sizeof rest)
		return refuse(-1, -1, ENAMETOOLONG);
	strcpy(rest, path);
	place = open_high("/", O_PATH | O_DIRECTORY);
	while (place >= 0) {
		char *name = at + strspn(at, "/");
		const size_t length = strcspn(name, "/");
		int next;

		if (length == 0)
			break;
		at = name + length;
		next = open_next(place, name, length);
		if (next < 0 || fstat(next, &status) < 0)
			return refuse(place, next, errno);
		if (!S_ISLNK(status.st_mode)) {
			close(place);
			place = next;
			continue;
		}
		if (!is_trusted(status.st_uid)) {
			if (foreign != nobody && foreign != status.st_uid)
				return refuse(place, next, EPERM);
			foreign = status.st_uid;
		}
		if (++links > LINKS_MAX || !follow(next, "", rest, at))
			return refuse(place, next, ELOOP);
		close(next);
		at = rest;
		if (*at == '/') {
			close(place);
			place = open_high("/", O_PATH | O_DIRECTORY);
		}
	}
	if (place >= 0 && foreign != nobody && (fstat(place, &status) < 0 || status.st_uid != foreign))
		return refuse(place, -1, EPERM);
	return place;
}
