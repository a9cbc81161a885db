#include "ground/links.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "ground/arena.h"
#include "ground/retry.h"

enum { LINKS_MAX = 40 }; /* as the kernel has it */

bool links_each(const char *path, bool (*visit)(const char *at, bool relative, void *state), void *state)
{
	bool relative = false;
	size_t room;
	char *at = arena_room(&room);

	if (strlen(path) >= room)
		return false;
	memmove(at, path, strlen(path) + 1); /* it may lie there already */
	for (int links = 0; links <= LINKS_MAX; links++) {
		char *target = at + strlen(at) + 1, *name = strrchr(at, '/');
		ssize_t length;

		if (visit(at, relative, state))
			return true;
		length = (size_t)(target - at) + PATH_MAX > room ? -1 : RETRY(readlink(at, target, PATH_MAX - 1));
		if (length <= 0)
			return false;
		relative = *target != '/';
		name = !relative || name == NULL ? at : name + 1;
		memmove(name, target, (size_t)length);
		name[length] = '\0';
	}
	return false;
}

const char *link_target(int directory, const char *name)
{
	static const char deleted[] = " (deleted)";
	const size_t suffix = sizeof deleted - 1;
	size_t room;
	char *target = arena_room(&room);
	const ssize_t length = room < PATH_MAX ? -1 : readlinkat(directory, name, target, PATH_MAX - 1);

	if (length <= 0)
		return NULL;
	target[length] = '\0';
	if ((size_t)length > suffix && strcmp(target + length - suffix, deleted) == 0)
		target[(size_t)length - suffix] = '\0';
	return target;
}
