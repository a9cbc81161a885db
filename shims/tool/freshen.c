#include "tool/freshen.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool/note.h"
#include "tool/resolve.h"
#include "tool/toolfile.h"
#include "ground/arena.h"
#include "ground/clock.h"
#include "ground/file.h"
#include "ground/report.h"
#include "ground/retry.h"
#include "ground/text.h"

/* A directory of shims' files. */
struct place {
	const struct self *self;
	int bin;
	int launcher;
	struct stat launcher_status;
};

static bool same_time(const struct timespec *one, const struct timespec *other)
{
	return one->tv_sec == other->tv_sec && one->tv_nsec == other->tv_nsec;
}

static int open_below(const struct self *self, const char *name, int flags)
{
	size_t room;
	char *path = arena_room(&room);

	if (self->shim_dir[0] == '\0' || text_put(path, room, "%s/.jobshim/%s", self->shim_dir, name) >= (int)room)
		return errno = ENOENT, -1;
	return open_high(path, flags);
}

/* False, with errno, if there is none of ours. */
static bool place_open(struct place *place, const struct self *self)
{
	struct stat status;

	place->self = self;
	place->launcher = -1;
	place->bin = open_below(self, "bin", O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	if (place->bin < 0)
		return false;
	if (fstat(place->bin, &status) == 0 && status.st_uid == geteuid())
		place->launcher = open_below(self, "launcher", O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
	else
		errno = EPERM;
	if (place->launcher >= 0 && fstat(place->launcher, &place->launcher_status) == 0 &&
	    S_ISREG(place->launcher_status.st_mode))
		return true;
	if (place->launcher >= 0) {
		close(place->launcher);
		errno = EPERM;
	}
	close(place->bin);
	return false;
}

static void place_close(const struct place *place)
{
	close(place->launcher);
	close(place->bin);
}

/* Whether the file is there with that note. Corrects its mtime if only that is wrong. */
static bool is_noted(const struct place *place, const char *name, const struct note *note, const struct timespec *mtime)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, *mtime };
	struct note there;
	struct stat status;
	int fd = open_high_at(place->bin, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
	bool same = fd >= 0 && fstat(fd, &status) == 0 &&
	            status.st_size == place->launcher_status.st_size + (off_t)sizeof there && note_read(fd, &there) &&
	            memcmp(&there, note, sizeof there) == 0;

	if (same && !same_time(&status.st_mtim, mtime))
		futimens(fd, times);
	if (fd >= 0)
		close(fd);
	return same;
}

/* What a file in it is made of. */
struct content {
	int program; /* the launcher, or look */
	off_t size;
	const struct note *note; /* NULL: none */
	struct timespec mtime;
};

static bool fill(int fd, const struct content *content)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_NOW }, content->mtime };
	off_t at = 0;

	while (at < content->size) {
		const ssize_t sent = RETRY(sendfile(fd, content->program, &at, (size_t)(content->size - at)));

		if (sent <= 0)
			return false;
	}
	return (content->note == NULL || write_whole(fd, content->note, sizeof *content->note)) && fchmod(fd, 0755) == 0 &&
	       futimens(fd, times) == 0;
}

/* Puts a file under the name, in one step. */
static bool put(const struct place *place, const char *name, const struct content *content)
{
	char temporary[64];
	bool whole;
	int fd;

	text_put(temporary, sizeof temporary, "new-%d-%" PRIu64, (int)getpid(), monotonic_ns());
	fd = open_high_at(place->bin, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
	if (fd < 0)
		return false;
	whole = fill(fd, content);
	if (close(fd) < 0)
		whole = false;
	if (!whole || renameat(place->bin, temporary, place->bin, name) < 0) {
		const int error = errno;

		unlinkat(place->bin, temporary, 0);
		errno = error;
		return false;
	}
	return true;
}

/* Brings the file of one tool up to date; real is the tool, empty if not known. */
static bool freshen(struct place *place, const char *name, const char *real)
{
	struct stat status;
	struct note note;
	const bool there = real[0] == '/' && stat_path(real, &status);

	if (!there) {
		if (faccessat(place->bin, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 && real[0] == '/')
			return true; /* it is gone: the old note stays until there is another tool */
		memset(&status, 0, sizeof status);
		status.st_mtim = place->launcher_status.st_mtim;
	}
	if (!note_write(&note, place->self->shim_dir, name, &place->launcher_status, there ? real : NULL, &status)) {
		errno = ENAMETOOLONG;
		return false;
	}
	return is_noted(place, name, &note, &status.st_mtim) ||
	       put(place, name, &(struct content){ place->launcher, place->launcher_status.st_size, &note, status.st_mtim });
}

/* Whether the file has another mtime than its tool, or is missing. */
static bool is_changed(const struct place *place, const char *name, const char *real)
{
	struct stat own, tool;

	return fstatat(place->bin, name, &own, AT_SYMLINK_NOFOLLOW) < 0 ||
	       (stat_path(real, &tool) && !same_time(&own.st_mtim, &tool.st_mtim));
}

static const char *real_of(const struct self *self, const char *name, struct tool_settings *settings)
{
	tool_settings_read(settings, self->shim_dir, name);
	return settings->real;
}

struct renewal {
	struct place *here;
	bool all;
	bool whole; /* all could be written */
};

static bool renew(int directory, const char *name, void *state)
{
	struct renewal *renewal = state;
	struct place *here = renewal->here;
	struct tool_settings settings;

	(void)directory;
	if (name[0] == '.')
		return false;
	real_of(here->self, name, &settings);
	renewal->whole = (!renewal->all && !is_changed(here, name, settings.real)) || freshen(here, name, settings.real);
	if (!renewal->whole)
		report_debug("%s/.jobshim/bin/%s: %s", here->self->shim_dir, name, strerror(errno));
	return !renewal->whole;
}

/* False, with errno, for the first one that can't be written. */
static bool freshen_each(struct place *here, bool all)
{
	struct renewal renewal = { here, all, true };
	int tools = open_below(here->self, "tools", O_RDONLY | O_DIRECTORY | O_NOFOLLOW), error;

	if (tools < 0)
		return true;
	directory_each(tools, renew, &renewal);
	error = errno;
	close(tools);
	errno = error;
	return renewal.whole;
}

static bool put_look(const struct place *here, int look)
{
	struct stat there, status;

	if (fstat(look, &status) < 0)
		return false;
	if (!S_ISREG(status.st_mode))
		return errno = EPERM, false;
	if (fstatat(here->bin, "look", &there, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(there.st_mode) && there.st_size == status.st_size &&
	    same_time(&there.st_mtim, &status.st_mtim))
		return true;
	return put(here, "look", &(struct content){ look, status.st_size, NULL, status.st_mtim });
}

/* Brings the `look` up to date that launchers become (LOOK_PLACE). */
static bool freshen_look(const struct place *here)
{
	const int look = open_below(here->self, "look", O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
	const bool whole = look >= 0 && put_look(here, look);
	const int error = errno;

	if (look >= 0)
		close(look);
	errno = error;
	return whole;
}

bool freshen_all(const struct self *self)
{
	struct place here;
	bool whole;
	int error;

	if (!place_open(&here, self))
		return false;
	whole = freshen_look(&here) && freshen_each(&here, true);
	error = errno;
	place_close(&here);
	errno = error;
	return whole;
}

void freshen_changed(const struct self *self)
{
	struct place here;

	if (!place_open(&here, self))
		return;
	freshen_each(&here, false);
	place_close(&here);
}

void freshen_tool(const struct self *self, const char *name)
{
	struct tool_settings settings;
	struct place here;

	if (real_of(self, name, &settings)[0] == '\0' || !place_open(&here, self))
		return;
	if (is_changed(&here, name, settings.real) && !freshen(&here, name, settings.real))
		report_debug("%s/.jobshim/bin/%s: %s", self->shim_dir, name, strerror(errno));
	place_close(&here);
}

bool freshen_is_due(const struct self *self, const char *name, const char *real, const struct resolution *found)
{
	return self->is_file && self->user == geteuid() && !same_time(&self->mtime, &found->mtime) && strcmp(name, self->name) == 0 &&
	       strcmp(real, found->path) == 0;
}
