#include "environment.h"

#include <string.h>

#include "arena.h"

enum { ENVIRONMENT_MAX = 8192 };

bool environment_put(char *assignment)
{
	size_t name = strcspn(assignment, "=") + 1, count = 0;
	char **larger;

	for (; environ[count] != NULL; count++) {
		if (strncmp(environ[count], assignment, name) == 0) {
			environ[count] = assignment;
			return true;
		}
	}
	larger = count < ENVIRONMENT_MAX ? (char **)(void *)arena_keep((count + 2) * sizeof *larger) : NULL;
	if (larger == NULL)
		return false;
	memcpy(larger, environ, count * sizeof *environ);
	larger[count] = assignment;
	larger[count + 1] = NULL;
	environ = larger;
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
