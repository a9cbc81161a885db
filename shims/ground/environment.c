#include "ground/environment.h"

#include <string.h>

#include "ground/arena.h"

enum { SPARE = 16 }; /* places for what is put into it later */

/* Our array, once there was no place for a further variable, and how many it has room for besides its end. */
static char **own;
static size_t room;

static bool make_room(size_t count)
{
	char **larger;

	if (environ == own && count < room)
		return true;
	larger = arena_pointers(count + SPARE + 1);
	if (larger == NULL)
		return false;
	memcpy(larger, environ, count * sizeof *environ);
	room = count + SPARE;
	environ = own = larger;
	return true;
}

bool environment_put(char *assignment)
{
	size_t name = strcspn(assignment, "=") + 1, count = 0;

	for (; environ[count] != NULL; count++) {
		if (strncmp(environ[count], assignment, name) == 0) {
			environ[count] = assignment;
			return true;
		}
	}
	if (!make_room(count))
		return false;
	environ[count] = assignment;
	environ[count + 1] = NULL;
	return true;
}

void environment_remove(const char *name)
{
	size_t length = strlen(name), kept = 0;

	for (size_t i = 0; environ[i] != NULL; i++)
		if (strncmp(environ[i], name, length) != 0 || environ[i][length] != '=')
			environ[kept++] = environ[i];
	environ[kept] = NULL;
}
