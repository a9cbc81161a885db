#include "tool/wanted.h"

#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include "contract.h"
#include "ground/arena.h"
#include "ground/file.h"
#include "ground/text.h"

/* NULL as well for a text that is not ours: an empty file does not say that nothing is wanted. */
static char *read_wanted(const char *shim_dir)
{
	size_t room;
	char *path = arena_room(&room), *text;
	struct stat status;
	ssize_t length;
	const int written = text_put(path, room, "%s/.jobshim/wanted", shim_dir);

	if (shim_dir[0] == '\0' || written >= (int)room || arena_keep((size_t)written + 1) == NULL)
		return NULL;
	text = arena_room(&room);
	length = read_plain_file(path, text, room < LEDGER_WANTED_FILE_MAX ? room : LEDGER_WANTED_FILE_MAX, &status);
	if (length < 0 || strncmp(text, LEDGER_WANTED_FILE_HEAD, strlen(LEDGER_WANTED_FILE_HEAD)) != 0)
		return NULL;
	return arena_keep((size_t)length + 1);
}

bool wanted_each(const char *shim_dir, void (*visit)(const char *key, const char *value))
{
	char *text = read_wanted(shim_dir);
	const bool is_known = text != NULL;

	for (char *line; (line = strsep(&text, "\n")) != NULL;) {
		char *equals = strchr(line, '=');

		if (equals == NULL)
			continue;
		*equals = '\0';
		visit(line, equals + 1);
	}
	return is_known;
}
