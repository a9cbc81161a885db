#include "adapt/wrapper.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pool/auth.h"
#include "pool/jobserver.h"
#include "tool/resolve.h"
#include "ground/arena.h"
#include "ground/environment.h"
#include "ground/file.h"
#include "ground/links.h"
#include "ground/text.h"

static const char LAUNCHER[] = "/.jobshim/launcher";

static const struct wrapper *find_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof wrappers / sizeof wrappers[0]; i++)
		if (strcmp(wrappers[i].name, name) == 0)
			return &wrappers[i];
	return NULL;
}

static bool is_wrapper(const char *at, bool relative, void *state)
{
	const struct wrapper **wrapper = state;

	(void)relative;
	*wrapper = find_by_name(base_name(at));
	return *wrapper != NULL;
}

/* Link by link, since each name counts: /usr/lib/ccache/gcc may lead to a ccache that is a link to ccache-4.7. */
const struct wrapper *wrapper_of(const char *path)
{
	const struct wrapper *wrapper = NULL;

	links_each(path, is_wrapper, &wrapper);
	return wrapper;
}

char **wrapper_compiler(const struct wrapper *wrapper, const struct self *self, char **argv)
{
	char **compiler = argv + 1, *name;

	if (argv[0] == NULL || strcmp(base_name(argv[0]), wrapper->name) != 0)
		return argv;
	while (*compiler != NULL && strchr(*compiler, '=') != NULL)
		compiler++; /* ccache's settings for this run */
	if (*compiler == NULL || **compiler == '-')
		return argv;
	name = shim_name(self, *compiler);
	if (name != NULL)
		*compiler = name;
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
	written = begins_with_launcher(words) ? text_put(text, room, "%s=%s", variable, words)
	                                      : text_put(text, room, "%s=%s%s%s%s", variable, self->shim_dir, LAUNCHER,
	                                                 *words == '\0' ? "" : " ", words);
	return written > 0 && (size_t)written < room ? arena_keep((size_t)written + 1) : NULL;
}

void wrapper_hide_jobserver(const struct jobserver *jobserver)
{
	static char pass[] = ENV_NO_JOBSERVER "=pass";
	static const char *const variables[] = { ENV_JOBSERVER, ENV_OUTER, "MAKEFLAGS", "MFLAGS", "CARGO_MAKEFLAGS" };
	const char *makeflags = getenv("MAKEFLAGS");
	struct auth auth;

	if (makeflags != NULL && auth_find(makeflags, &auth) && jobserver_inherited(jobserver, &auth)) {
		fcntl(auth.read_fd, F_SETFD, FD_CLOEXEC);
		fcntl(auth.write_fd, F_SETFD, FD_CLOEXEC);
	}
	for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
		environment_remove(variables[i]);
	if (jobserver->machine) /* which is found without being named */
		environment_put(pass);
}
