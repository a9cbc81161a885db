#include "tool/self.h"

#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool/note.h"
#include "ground/arena.h"
#include "ground/file.h"
#include "ground/text.h"
#include "proc/process.h"
#include "proc/shimfile.h"

/* What self_handed() is told of the launcher, a letter each. */
static const char BY_SHIM[] = "s", BY_LINK[] = "l", BY_FILE[] = "f";

/* Our own program, from /proc; NULL on error. An upgrade may have replaced it. */
static const char *own_path(void)
{
	return process_path(getpid());
}

/* Finds the shim that we were started by, and what we are. A path in DIR itself is enough; for other links /proc/self/exe, which is slower,
 * has DIR by its usual name. */
static const char *find_shim(struct shim *shim)
{
	const char *started = (const char *)getauxval(AT_EXECFN), *own;
	const bool by_path = started != NULL && shim_behind(started, shim);
	static const struct shim nothing = { .dir = "" };
	struct shim self;

	if (by_path && *started == '/' && shim->links <= 1)
		return started;
	own = own_path();
	if (own != NULL)
		own = arena_copy(own, strlen(own));
	if (own != NULL && shim_at(own, &self)) {
		/* A shim of an older version leads to the launcher itself, which has no tool's name. */
		if (by_path && shim->name[0] != '\0')
			strcpy(self.name, shim->name);
		self.links = by_path ? shim->links : 0;
		*shim = self;
	} else if (!by_path || *started != '/' || !shim_behind(started, shim))
		*shim = nothing;
	return by_path ? started : own;
}

static void self_fill(struct self *self, const struct shim *shim, const struct stat *status)
{
	self->device = status->st_dev;
	self->inode = status->st_ino;
	self->size = status->st_size;
	self->mtime = status->st_mtim;
	self->user = status->st_uid;
	self->is_file = shim->is_file;
	self->by_link = shim->links > 1;
}

void self_find(struct self *self)
{
	struct shim shim;
	struct stat status;
	const char *path = find_shim(&shim);

	self->path = path == NULL ? "" : path;
	self->shim_dir = arena_copy(shim.dir, shim.dir_length);
	self->name = arena_copy(shim.name, strlen(shim.name));
	/* By path is quicker. */
	if ((path != NULL && stat_path(path, &status)) || stat_path("/proc/self/exe", &status))
		self_fill(self, &shim, &status);
}

static const char *launcher_beside(const char *own)
{
	size_t room;
	char *path = arena_room(&room);
	const int length = text_put(path, room, "%.*slauncher", (int)(base_name(own) - own), own);

	return length > 0 && length < (int)room ? arena_keep((size_t)length + 1) : NULL;
}

void self_find_beside(struct self *self)
{
	static const struct shim nothing = { .dir = "" };
	const char *own = (const char *)getauxval(AT_EXECFN), *launcher;
	struct shim shim = nothing;
	struct stat status;

	if (own == NULL || *own != '/')
		own = own_path();
	if (own != NULL)
		own = arena_copy(own, strlen(own));
	launcher = own == NULL ? NULL : launcher_beside(own);
	if (launcher != NULL && !shim_at(launcher, &shim))
		shim = nothing;
	*self = (struct self){ .shim_dir = arena_copy(shim.dir, shim.dir_length), .name = arena_copy("", 0), .path = launcher == NULL ? "" : launcher };
	if (launcher != NULL && stat_path(launcher, &status))
		self_fill(self, &shim, &status);
}

void self_hand_over(const struct self *self, char *tool, char marks[SELF_MARKS], char *words[SELF_WORDS])
{
	text_put(marks, SELF_MARKS, "-%s%s%s", self->name[0] != '\0' ? BY_SHIM : "", self->by_link ? BY_LINK : "",
	         self->is_file ? BY_FILE : "");
	words[0] = tool;
	words[1] = (char *)self->path;
	words[2] = marks;
}

void self_handed(struct self *self, char *const words[SELF_WORDS])
{
	static const struct shim nothing = { .dir = "" };
	const char *own = (const char *)getauxval(AT_EXECFN), *marks = words[2];
	struct shim shim = nothing;
	struct stat status;

	if (own == NULL || !shim_at(own, &shim))
		shim = nothing;
	*self = (struct self){
		.shim_dir = arena_copy(shim.dir, shim.dir_length),
		.name = strstr(marks, BY_SHIM) == NULL ? arena_copy("", 0) : words[0],
		.path = words[1],
	};
	shim.is_file = strstr(marks, BY_FILE) != NULL;
	shim.links = strstr(marks, BY_LINK) == NULL ? 0 : 2;
	if (stat_path(self->path, &status))
		self_fill(self, &shim, &status);
}

const char *self_copied(void)
{
	const char *started = (const char *)getauxval(AT_EXECFN), *file = note_file("/proc/self/exe");

	return file != NULL || started == NULL ? file : note_file(started);
}

