#include "resolve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

static const char MARKER[] = "/.jobshim";
static const char DEFAULT_PATH[] = "/bin:/usr/bin"; /* as execvp() has it where PATH is not set */

/* A shim that was started by its path tells where we are without /proc/self/exe, which takes longer: DIR, if it leads to
 * DIR/.jobshim/launcher. */
static bool find_by_shim(struct self *self)
{
	const char *started = (const char *)getauxval(AT_EXECFN), *slash;
	char path[PATH_MAX];
	struct stat status, launcher;

	slash = started == NULL || *started != '/' ? NULL : strrchr(started, '/');
	if (slash == NULL || snprintf(path, sizeof path, "%.*s%s/launcher", (int)(slash - started), started, MARKER) >=
	                         (int)sizeof path ||
	    stat(started, &status) < 0 || stat(path, &launcher) < 0 || status.st_dev != launcher.st_dev ||
	    status.st_ino != launcher.st_ino)
		return false;
	self->device = status.st_dev;
	self->inode = status.st_ino;
	memcpy(self->shim_dir, started, (size_t)(slash - started));
	self->shim_dir[slash - started] = '\0';
	return true;
}

void self_find(struct self *self)
{
	struct stat status;
	ssize_t length;
	char *slash;

	if (find_by_shim(self))
		return;
	length = readlink("/proc/self/exe", self->shim_dir, sizeof self->shim_dir - 1);
	if (length < 0)
		length = 0;
	self->shim_dir[length] = '\0';
	/* By path is quicker; an upgrade may have replaced us: "launcher (deleted)". */
	if (stat(self->shim_dir, &status) == 0 || stat("/proc/self/exe", &status) == 0) {
		self->device = status.st_dev;
		self->inode = status.st_ino;
	}
	slash = strrchr(self->shim_dir, '/');
	if (slash != NULL)
		*slash = '\0';
	length = (ssize_t)strlen(self->shim_dir) - (ssize_t)strlen(MARKER);
	if (length > 0 && strcmp(self->shim_dir + length, MARKER) == 0)
		self->shim_dir[length] = '\0';
	else
		self->shim_dir[0] = '\0';
}

enum entry { ENTRY_PLAIN, ENTRY_OURS, ENTRY_ANOTHERS };

/* What directory is: one of the shim dirs that carry our marker, or an ordinary one. */
static enum entry entry_kind(const struct self *self, const char *directory, size_t length)
{
	char path[PATH_MAX];
	struct stat status, own;

	if (length > 0 && strlen(self->shim_dir) == length && memcmp(directory, self->shim_dir, length) == 0)
		return ENTRY_OURS;
	if (length + sizeof MARKER > sizeof path)
		return ENTRY_PLAIN;
	memcpy(path, directory, length);
	strcpy(path + length, MARKER);
	if (length == 0 || stat(path, &status) < 0 || !S_ISDIR(status.st_mode))
		return ENTRY_PLAIN;
	if (self->shim_dir[0] == '\0')
		return ENTRY_ANOTHERS;
	snprintf(path, sizeof path, "%.*s%s", (int)(sizeof path - sizeof MARKER), self->shim_dir, MARKER);
	return stat(path, &own) == 0 && own.st_dev == status.st_dev && own.st_ino == status.st_ino ? ENTRY_OURS
	                                                                                         : ENTRY_ANOTHERS;
}

enum candidate { CANDIDATE_NONE, CANDIDATE_DENIED, CANDIDATE_GOOD };

/* Whether path is a program that is not this launcher under another name. */
static enum candidate candidate_kind(const struct self *self, const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0 || S_ISDIR(status.st_mode) ||
	    (status.st_dev == self->device && status.st_ino == self->inode))
		return CANDIDATE_NONE;
	return access(path, X_OK) == 0 ? CANDIDATE_GOOD : CANDIDATE_DENIED;
}

static bool join(char *path, size_t size, const char *directory, size_t length, const char *name)
{
	size_t name_length = strlen(name);

	/* An empty entry is the working directory. */
	if (length == 0) {
		directory = ".";
		length = 1;
	}
	if (length + 1 + name_length >= size)
		return false;
	memcpy(path, directory, length);
	path[length] = '/';
	memcpy(path + length + 1, name, name_length + 1);
	return true;
}

static void resolve_path(const struct self *self, const char *path, struct resolution *resolution)
{
	enum candidate kind = candidate_kind(self, path);

	resolution->outcome = kind == CANDIDATE_GOOD ? RESOLVED : kind == CANDIDATE_DENIED ? NOT_EXECUTABLE : NOT_FOUND;
	if (snprintf(resolution->path, sizeof resolution->path, "%s", path) >= (int)sizeof resolution->path)
		resolution->outcome = NOT_FOUND;
}

void resolve(const struct self *self, const char *name, struct resolution *resolution)
{
	static char stripped[65536];
	char candidate[PATH_MAX];
	const char *path = getenv("PATH");
	const char *slash = strrchr(name, '/');
	const char *base = slash == NULL ? name : slash + 1;
	char *end = stripped + snprintf(stripped, sizeof stripped, "PATH=");
	bool given = slash != NULL && entry_kind(self, name, (size_t)(slash - name)) == ENTRY_PLAIN;
	bool behind = false, found_behind = false, fits, any = false;

	resolution->outcome = NOT_FOUND;
	resolution->path[0] = '\0';
	resolution->stripped_path = NULL;
	if (given)
		resolve_path(self, name, resolution);
	fits = path != NULL && strlen(path) + sizeof "PATH=" <= sizeof stripped;
	if (path == NULL)
		path = DEFAULT_PATH;
	for (const char *entry = path;; entry++) {
		size_t length = strcspn(entry, ":");
		enum entry kind = entry_kind(self, entry, length);

		if (kind == ENTRY_OURS)
			behind = true;
		if (kind == ENTRY_PLAIN) {
			if (fits) {
				if (any)
					*end++ = ':';
				memcpy(end, entry, length);
				end += length;
			}
			any = true;
			/* The first one behind us wins, else the first one before us. */
			if (!given && !found_behind && (behind || resolution->outcome != RESOLVED) &&
			    join(candidate, sizeof candidate, entry, length, base)) {
				enum candidate found = candidate_kind(self, candidate);

				if (found == CANDIDATE_GOOD || (found == CANDIDATE_DENIED && resolution->outcome == NOT_FOUND)) {
					resolution->outcome = found == CANDIDATE_GOOD ? RESOLVED : NOT_EXECUTABLE;
					strcpy(resolution->path, candidate);
					found_behind = behind && found == CANDIDATE_GOOD;
				}
			}
		}
		entry += length;
		if (*entry == '\0')
			break;
	}
	*end = '\0';
	if (fits)
		resolution->stripped_path = stripped;
}
