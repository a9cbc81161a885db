#include "tool/resolve.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool/note.h"
#include "ground/arena.h"
#include "ground/file.h"
#include "proc/shimfile.h"

static const char MARKER[] = ".jobshim";
static const char DEFAULT_PATH[] = "/bin:/usr/bin"; /* as execvp() has it where PATH is not set */
enum { STRIPPED_PATH_MAX = 65536 };

/* "DIRECTORY/NAME", to be used at once; an empty directory is the working directory. NULL if it is too long. */
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

enum entry { ENTRY_PLAIN, ENTRY_OURS, ENTRY_ANOTHERS };

/* The kind of directory: a shim dir, which has our marker, or an ordinary one. */
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

/* The name in a path that lies in a shim dir, ours or another's; NULL for any other path. */
static char *name_in_shim_dir(const struct self *self, char *path)
{
	char *slash = strrchr(path, '/');

	return slash != NULL && entry_kind(self, path, (size_t)(slash - path)) != ENTRY_PLAIN ? slash + 1 : NULL;
}

char *shim_name(const struct self *self, char *path)
{
	char *name = name_in_shim_dir(self, path);
	struct shim shim;

	if (name == NULL && strchr(path, '/') != NULL && shim_behind(path, &shim) && shim.name[0] != '\0')
		name = arena_copy(shim.name, strlen(shim.name));
	return name;
}

enum fitness { UNFIT, DENIED, FIT };

struct candidate {
	const char *path;
	struct timespec mtime;
	struct shim other; /* a link behind us that leads to the shim of another tool stands for that tool, of this name */
};

/* Whether path is a shim: it leads to one, or is a copy of its file. */
static bool is_shim(const char *path, struct shim *shim)
{
	const char *file;

	if (shim_behind(path, shim))
		return true;
	file = note_file(path);
	return file != NULL && shim_at(file, shim);
}

/* Whether it is a program other than this launcher. */
static enum fitness fitness_of(struct candidate *candidate, const struct self *self, const struct resolution *resolution)
{
	const char *other = candidate->other.name;
	struct stat status;

	/* If memory is short, leave the error to execve. */
	if (!stat_path(candidate->path, &status))
		return errno == ENOMEM ? FIT : UNFIT;
	candidate->mtime = status.st_mtim;
	if (S_ISDIR(status.st_mode))
		return UNFIT;
	/* The files of all shims in a dir have one size. */
	if (status.st_size == self->size) {
		candidate->path = arena_copy(candidate->path, strlen(candidate->path)); /* it may lie where links are followed */
		if (candidate->path == NULL)
			return UNFIT;
		if (is_shim(candidate->path, &candidate->other))
			return !resolution->follows || other[0] == '\0' || strcmp(other, resolution->name) == 0 ? UNFIT : FIT;
		candidate->other.name[0] = '\0';
	}
	if (status.st_dev == self->device && status.st_ino == self->inode)
		return UNFIT;
	return access(candidate->path, X_OK) == 0 || errno != EACCES ? FIT : DENIED;
}

/* Notes path if it is a better match than the one before. */
static enum fitness consider(const struct self *self, const char *path, struct resolution *resolution)
{
	struct candidate candidate;
	enum fitness fitness;
	const char *found;
	char *copy;

	if (path == NULL)
		return UNFIT;
	candidate.path = path;
	candidate.mtime = (struct timespec){ .tv_sec = 0 };
	candidate.other.name[0] = '\0';
	fitness = fitness_of(&candidate, self, resolution);
	if (fitness == UNFIT || (fitness == DENIED && resolution->outcome != NOT_FOUND))
		return fitness;
	found = candidate.other.name[0] == '\0' ? candidate.path : candidate.other.name;
	copy = arena_copy(found, strlen(found));
	if (copy == NULL)
		return UNFIT;
	resolution->outcome = fitness == FIT ? RESOLVED : NOT_EXECUTABLE;
	resolution->path = copy;
	resolution->mtime = candidate.mtime;
	resolution->is_shim = candidate.other.name[0] != '\0';
	return fitness;
}

static void search(const struct self *self, struct resolution *resolution)
{
	static char nothing[] = "";
	const char *path = getenv("PATH"), *name = resolution->name;
	const bool given = strchr(name, '/') != NULL;
	bool behind = false, found_behind = false, any = false;
	char *end = NULL;

	resolution->outcome = NOT_FOUND;
	resolution->path = nothing;
	resolution->is_shim = false;
	resolution->follows = false;
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

		if (kind == ENTRY_OURS) {
			behind = true;
			resolution->follows = !resolution->by_link;
		}
		if (kind == ENTRY_PLAIN) {
			if (end != NULL) {
				if (any)
					*end++ = ':';
				end = mempcpy(end, entry, length);
			}
			any = true;
			/* The first one behind us wins, else the first one before us. */
			if (!given && !found_behind && (behind || resolution->outcome != RESOLVED) &&
			    consider(self, join(entry, length, name), resolution) == FIT)
				found_behind = behind;
		}
		entry += length;
		if (*entry == '\0')
			break;
	}
	if (end != NULL)
		*end = '\0';
}

void resolve(const struct self *self, char *name, struct resolution *resolution)
{
	char *shim = name_in_shim_dir(self, name);

	resolution->name = shim == NULL ? name : shim;
	resolution->by_link = self->by_link;
	search(self, resolution);
	if (!resolution->is_shim)
		return;
	resolution->name = resolution->path;
	resolution->by_link = true;
	search(self, resolution);
}
