#include "adapt/engine.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapt/wrapper.h"
#include "tool/resolve.h"
#include "ground/arena.h"
#include "ground/file.h"
#include "ground/text.h"

bool engine_takes(const char *family)
{
	static const char *const families[] = { "clang", "gcc", "gfortran" };

	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
		if (strcmp(families[i], family) == 0)
			return true;
	return false;
}

static bool is_program(const char *file)
{
	struct stat status;

	return stat_path(file, &status) && S_ISREG(status.st_mode) && access(file, X_OK) == 0;
}

/* The first program of that name on PATH, as a search without shims finds it, or the one at an absolute path; to be used at once. NULL
 * for none, and for a path from wherever we are. */
static const char *find(const char *path, const char *name)
{
	size_t room;
	char *file = arena_room(&room);

	if (strchr(name, '/') != NULL)
		return name[0] == '/' && is_program(name) ? name : NULL;
	for (;; path++) {
		size_t length = strcspn(path, ":");
		int written = text_put(file, room, "%.*s/%s", length == 0 ? 1 : (int)length, length == 0 ? "." : path, name);

		if (written > 0 && (size_t)written < room && is_program(file))
			return file;
		path += length;
		if (*path == '\0')
			return NULL;
	}
}

char **engine_command(const struct resolution *real, const char *engine, char *const argv[])
{
	const char *slash = strrchr(real->path, '/'), *path, *found;
	char *tool = real->path, *program, **command;
	size_t count = 0;

	if (real->stripped_path == NULL || wrapper_of(real->path) != NULL)
		return NULL;
	path = real->stripped_path + strlen("PATH=");
	/* By its plain name if that leads there too: distcc passes it on, and a server takes no paths. */
	if (slash != NULL && (found = find(path, slash + 1)) != NULL && strcmp(found, real->path) == 0)
		tool = real->path + (slash + 1 - real->path);
	found = find(path, engine);
	program = found == NULL ? NULL : arena_copy(found, strlen(found));
	while (argv[count] != NULL)
		count++;
	command = program == NULL ? NULL : arena_pointers(count + 2);
	if (command == NULL || count == 0)
		return NULL;
	command[0] = program;
	command[1] = tool;
	memcpy(command + 2, argv + 1, count * sizeof *command);
	return command;
}
