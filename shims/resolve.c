#include "resolve.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "process.h"

static const char MARKER[] = ".jobshim";
static const char LAUNCHER[] = ".jobshim/launcher";

bool is_launcher(const char *path)
{
	const size_t length = strlen(path), end = strlen(LAUNCHER);

	return length > end && path[length - end - 1] == '/' && strcmp(path + length - end, LAUNCHER) == 0;
}
static const char DEFAULT_PATH[] = "/bin:/usr/bin"; /* as execvp() has it where PATH is not set */
enum { STRIPPED_PATH_MAX = 65536 };

/* "DIRECTORY/NAME", to be used at once; an empty directory is the working directory. NULL where it is too long. */
static const char *join(const char *directory, size_t length, const char *name)
{
	size_t room, name_length = strlen(name);
	char *path = arena_room(&room);

	if (length == 0) {
		directory = ".";
		length = 1;
	}
	if (room > PATH_MAX)
		room = PATH_MAX;
	if (length + 1 >= room || name_length >= room - length - 1)
		return NULL;
	memcpy(path, directory, length);
	path[length] = '/';
	memcpy(path + length + 1, name, name_length + 1);
	return path;
}

/* A shim that was started by its path tells where we are without /proc/self/exe, which takes longer: DIR, if it leads to
 * DIR/.jobshim/launcher. */
static bool find_by_shim(struct self *self)
{
	const char *started = (const char *)getauxval(AT_EXECFN), *slash, *path;
	struct stat status, launcher;

	slash = started == NULL || *started != '/' ? NULL : strrchr(started, '/');
	if (slash == NULL || (path = join(started, (size_t)(slash - started), LAUNCHER)) == NULL ||
	    stat(started, &status) < 0 || stat(path, &launcher) < 0 || status.st_dev != launcher.st_dev ||
	    status.st_ino != launcher.st_ino)
		return false;
	self->device = status.st_dev;
	self->inode = status.st_ino;
	self->shim_dir = arena_copy(started, (size_t)(slash - started));
	return self->shim_dir != NULL;
}

void self_find(struct self *self)
{
	struct stat status;
	size_t room;
	ssize_t length;
	char *path, *end;

	if (find_by_shim(self))
		return;
	path = arena_room(&room);
	length = readlink("/proc/self/exe", path, PATH_MAX - 1);
	path[length < 0 ? 0 : length] = '\0';
	/* By path is quicker; an upgrade may have replaced us: "launcher (deleted)". */
	if (stat(path, &status) == 0 || stat("/proc/self/exe", &status) == 0) {
		self->device = status.st_dev;
		self->inode = status.st_ino;
	}
	/* DIR/.jobshim/launcher, else there is no shim dir */
	end = strrchr(path, '/');
	if (end != NULL)
		*end = '\0';
	end = strrchr(path, '/');
	if (end == NULL || strcmp(end + 1, MARKER) != 0)
		end = path;
	*end = '\0';
	self->shim_dir = arena_keep((size_t)(end - path) + 1);
}

enum entry { ENTRY_PLAIN, ENTRY_OURS, ENTRY_ANOTHERS };

/* What directory is: one of the shim dirs that carry our marker, or an ordinary one. */
static enum entry entry_kind(const struct self *self, const char *directory, size_t length)
{
	const char *path;
	struct stat status, own;

	if (length == 0)
		return ENTRY_PLAIN;
	if (strlen(self->shim_dir) == length && memcmp(directory, self->shim_dir, length) == 0)
		return ENTRY_OURS;
	path = join(directory, length, MARKER);
	if (path == NULL || stat(path, &status) < 0 || !S_ISDIR(status.st_mode))
		return ENTRY_PLAIN;
	path = self->shim_dir[0] == '\0' ? NULL : join(self->shim_dir, strlen(self->shim_dir), MARKER);
	return path != NULL && stat(path, &own) == 0 && own.st_dev == status.st_dev && own.st_ino == status.st_ino
	           ? ENTRY_OURS
	           : ENTRY_ANOTHERS;
}

bool is_shim(const struct self *self, const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL && entry_kind(self, path, (size_t)(slash - path)) != ENTRY_PLAIN;
}

enum candidate { CANDIDATE_NONE, CANDIDATE_DENIED, CANDIDATE_GOOD };

/* Whether path is a program that is not this launcher under another name. */
static enum candidate candidate_kind(const struct self *self, const char *path)
{
	struct stat status;

	/* What can't be looked at for want of memory, execve tells. */
	if (!stat_path(path, &status))
		return errno == ENOMEM ? CANDIDATE_GOOD : CANDIDATE_NONE;
	if (S_ISDIR(status.st_mode) || (status.st_dev == self->device && status.st_ino == self->inode))
		return CANDIDATE_NONE;
	return access(path, X_OK) == 0 || errno != EACCES ? CANDIDATE_GOOD : CANDIDATE_DENIED;
}

/* Takes note of path where it is a better find than what there was. */
static enum candidate consider(const struct self *self, const char *path, struct resolution *resolution)
{
	enum candidate kind = path == NULL ? CANDIDATE_NONE : candidate_kind(self, path);
	char *copy;

	if (kind == CANDIDATE_NONE || (kind == CANDIDATE_DENIED && resolution->outcome != NOT_FOUND))
		return kind;
	copy = arena_copy(path, strlen(path));
	if (copy == NULL)
		return CANDIDATE_NONE;
	resolution->outcome = kind == CANDIDATE_GOOD ? RESOLVED : NOT_EXECUTABLE;
	resolution->path = copy;
	return kind;
}

void resolve(const struct self *self, const char *name, struct resolution *resolution)
{
	static char nothing[] = "";
	const char *path = getenv("PATH");
	const char *slash = strrchr(name, '/');
	const char *base = slash == NULL ? name : slash + 1;
	bool given = slash != NULL && !is_shim(self, name);
	bool behind = false, found_behind = false, any = false;
	char *end = NULL;

	resolution->outcome = NOT_FOUND;
	resolution->path = nothing;
	resolution->stripped_path = NULL;
	if (given)
		consider(self, name, resolution);
	if (path != NULL && strlen(path) + sizeof "PATH=" <= STRIPPED_PATH_MAX) {
		resolution->stripped_path = arena_keep(strlen(path) + sizeof "PATH=");
		if (resolution->stripped_path != NULL)
			end = stpcpy(resolution->stripped_path, "PATH=");
	}
	if (path == NULL)
		path = DEFAULT_PATH;
	for (const char *entry = path;; entry++) {
		size_t length = strcspn(entry, ":");
		enum entry kind = entry_kind(self, entry, length);

		if (kind == ENTRY_OURS)
			behind = true;
		if (kind == ENTRY_PLAIN) {
			if (end != NULL) {
				if (any)
					*end++ = ':';
				end = mempcpy(end, entry, length);
			}
			any = true;
			/* The first one behind us wins, else the first one before us. */
			if (!given && !found_behind && (behind || resolution->outcome != RESOLVED) &&
			    consider(self, join(entry, length, base), resolution) == CANDIDATE_GOOD)
				found_behind = behind;
		}
		entry += length;
		if (*entry == '\0')
			break;
	}
	if (end != NULL)
		*end = '\0';
}
