#include "wrapper.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "auth.h"
#include "environment.h"
#include "jobserver.h"
#include "resolve.h"

static const char LAUNCHER[] = "/.jobshim/launcher";
enum { LINKS_MAX = 40 }; /* as the kernel has it */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

/* readlink() with EINTR looped: FUSE and network file systems give it. */
static ssize_t read_link(const char *path, char *target, size_t size)
{
	ssize_t length;

	do
		length = readlink(path, target, size);
	while (length < 0 && errno == EINTR);
	return length;
}

static const struct wrapper *find_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof wrappers / sizeof wrappers[0]; i++)
		if (strcmp(wrappers[i].name, name) == 0)
			return &wrappers[i];
	return NULL;
}

/* Link by link, since each name counts: /usr/lib/ccache/gcc may lead to a ccache that is a link to ccache-4.7. */
const struct wrapper *wrapper_of(const char *path)
{
	const struct wrapper *wrapper = find_by_name(base_name(path));
	size_t room;
	char *at = arena_room(&room);
	size_t directory = (size_t)(base_name(path) - path), length;

	if (wrapper != NULL || strlen(path) >= room)
		return wrapper;
	memmove(at, path, strlen(path) + 1); /* it may lie there already */
	for (int links = 0; links < LINKS_MAX && wrapper == NULL; links++) {
		char *target = at + strlen(at) + 1;
		ssize_t got = (size_t)(target - at) + PATH_MAX > room ? -1 : read_link(at, target, PATH_MAX - 1);

		if (got <= 0)
			break;
		length = (size_t)got;
		if (*target == '/')
			directory = 0;
		memmove(at + directory, target, length);
		at[directory + length] = '\0';
		directory = (size_t)(base_name(at) - at);
		wrapper = find_by_name(at + directory);
	}
	return wrapper;
}

char **wrapper_compiler(const struct wrapper *wrapper, const struct self *self, char **argv)
{
	char **compiler = argv + 1;

	if (argv[0] == NULL || strcmp(base_name(argv[0]), wrapper->name) != 0)
		return argv;
	while (*compiler != NULL && strchr(*compiler, '=') != NULL)
		compiler++; /* ccache's settings for this run */
	if (*compiler == NULL || **compiler == '-')
		return argv;
	if (is_shim(self, *compiler))
		*compiler = strrchr(*compiler, '/') + 1;
	return compiler;
}

/* Whether the first word is a launcher already: ours, or that of another shim dir. */
static bool begins_with_launcher(const char *words)
{
	size_t length = strcspn(words, " ");

	return length >= strlen(LAUNCHER) &&
	       strncmp(words + length - strlen(LAUNCHER), LAUNCHER, strlen(LAUNCHER)) == 0;
}

char *wrapper_prefix(const char *variable, const char *configured, const struct self *self)
{
	const char *words = getenv(variable);
	size_t room;
	char *text = arena_room(&room);
	int written;

	if (self->shim_dir[0] == '\0' || strpbrk(self->shim_dir, " \t\n") != NULL)
		return NULL;
	if (words == NULL)
		words = configured;
	written = begins_with_launcher(words) ? snprintf(text, room, "%s=%s", variable, words)
	                                      : snprintf(text, room, "%s=%s%s%s%s", variable, self->shim_dir, LAUNCHER,
	                                                 *words == '\0' ? "" : " ", words);
	return written > 0 && (size_t)written < room ? arena_keep((size_t)written + 1) : NULL;
}

void wrapper_hide_jobserver(const struct jobserver *jobserver)
{
	static const char *const variables[] = { ENV_JOBSERVER, ENV_OUTER, "MAKEFLAGS", "MFLAGS", "CARGO_MAKEFLAGS" };
	const char *makeflags = getenv("MAKEFLAGS");
	struct auth auth;

	if (makeflags != NULL && auth_find(makeflags, &auth) && jobserver_inherited(jobserver, &auth)) {
		fcntl(auth.read_fd, F_SETFD, FD_CLOEXEC);
		fcntl(auth.write_fd, F_SETFD, FD_CLOEXEC);
	}
	for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
		environment_remove(variables[i]);
}
