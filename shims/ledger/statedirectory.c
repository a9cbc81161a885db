#include "ledger/statedirectory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "pool/auth.h"
#include "ground/arena.h"
#include "ground/file.h"
#include "ground/text.h"
#include "ground/trust.h"

#define RUNTIME_DIRECTORIES "/run/user/"

enum { OPEN_DIRECTORY = O_RDONLY | O_DIRECTORY | O_NOFOLLOW, USERS_BASE_MAX = 24 };

static const char NOT_ONLY_OURS[] = "the state directory is not a directory that is only ours";

/* A directory that nobody else can enter stays ours, even if it is moved: we use it by its descriptor. */
static bool is_only_ours(const struct stat *status)
{
	return S_ISDIR(status->st_mode) && status->st_uid == geteuid() && (status->st_mode & 077) == 0;
}

static int only_ours(int fd)
{
	struct stat status;

	if (fd >= 0 && fstat(fd, &status) == 0 && is_only_ours(&status))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Whether another user has put something there. */
static bool is_taken(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0 && status.st_uid != geteuid();
}

struct search {
	const char *beginning;
	char *name; /* the first name by the alphabet so far; empty at the beginning */
};

static bool look(int directory, const char *name, void *state)
{
	const struct search *search = state;
	struct stat status;

	if (strncmp(name, search->beginning, strlen(search->beginning)) == 0 &&
	    (search->name[0] == '\0' || strcmp(name, search->name) < 0) &&
	    fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && is_only_ours(&status))
		strcpy(search->name, name);
	return false;
}

/* Copies the first name of ours, by the alphabet, that begins so. Empty if there is none. */
static void find_other(int base, const char *beginning, char name[NAME_MAX + 1])
{
	struct search search = { beginning, name };
	const int listing = open_high_at(base, ".", OPEN_DIRECTORY);

	name[0] = '\0';
	if (listing < 0)
		return;
	directory_each(listing, look, &search);
	close(listing);
}

/* Replaces a directory whose name another user has taken: its name can't be guessed, and by the time in it all of our processes find the
 * oldest one (src/ground/paths.ts). */
static int open_other(const char *path, bool make)
{
	char beginning[32], fresh[80], name[NAME_MAX + 1];
	const int base = open_high(path, O_RDONLY | O_DIRECTORY);
	struct timespec now;
	int fd;

	if (base < 0)
		return -1;
	text_put(beginning, sizeof beginning, "jobshim-%u-", (unsigned)geteuid());
	find_other(base, beginning, name);
	if (name[0] == '\0' && make && clock_gettime(CLOCK_REALTIME, &now) == 0) {
		text_put(fresh, sizeof fresh, "%s%016" PRIx64 "-%d", beginning,
		         (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec, (int)getpid());
		if (mkdirat(base, fresh, 0700) == 0)
			find_other(base, beginning, name);
	}
	fd = name[0] == '\0' ? -1 : only_ours(open_high_at(base, name, OPEN_DIRECTORY));
	close(base);
	return fd;
}

/* The directory that the system makes for a user who is logged in (systemd, elogind), whether this process was told of it or not: so all
 * processes of the user find the same state. NULL if there is none. */
static const char *users_base(char base[USERS_BASE_MAX])
{
	struct stat status;

	text_put(base, USERS_BASE_MAX, RUNTIME_DIRECTORIES "%u", (unsigned)geteuid());
	return lstat(base, &status) == 0 && is_only_ours(&status) ? base : NULL;
}

static const char *named_base(void)
{
	const char *base = getenv("XDG_RUNTIME_DIR");

	/* A pool may lie in it, whose address has the path. */
	return base != NULL && base[0] == '/' && auth_read_by_all(base) ? base : NULL;
}

int state_directory_open(bool make, const char **why)
{
	static const char last[] = "/tmp";
	char users[USERS_BASE_MAX];
	const char *base = named_base();
	size_t room;
	char *path = arena_room(&room);
	bool is_named = base != NULL;
	int fd;

	for (;;) {
		if (!is_named && base == NULL && (base = users_base(users)) == NULL)
			base = last;
		if (text_put(path, room, "%s/jobshim-%u", base, (unsigned)geteuid()) >= (int)room) {
			*why = "the state directory's path is too long";
			return -1;
		}
		fd = open_high(path, OPEN_DIRECTORY);
		if (fd >= 0 || errno != ENOENT)
			break;
		if (trust_of_directory(base) != FOREIGN) {
			if (make && mkdir(path, 0700) < 0 && errno != EEXIST) {
				*why = "the state directory can't be made";
				return -1;
			}
			fd = open_high(path, OPEN_DIRECTORY);
			break;
		}
		if (base == last)
			break;
		base = is_named ? NULL : last;
		is_named = false;
	}
	fd = only_ours(fd);
	if (fd < 0 && is_taken(path))
		fd = open_other(base, make);
	if (fd < 0)
		*why = NOT_ONLY_OURS;
	return fd;
}
