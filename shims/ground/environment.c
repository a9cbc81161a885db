#include "ground/environment.h"

#include <string.h>

#include "ground/arena.h"

enum { SPARE = 16 }; /* places for what is put into it later */

/* Our array, once there was no place for a further variable, and how many it has room for besides its end. */
static char **own;
static size_t room;

/* The array that we were started with: it is never changed, as long as there is memory for another one. */
static char **received;

/* Has environ be an array of our own with room for a further variable. */
static bool make_own(size_t count)
{
	char **larger;

	if (environ == own && count < room)
		return true;
	larger = arena_pointers(count + SPARE + 1);
	if (larger == NULL)
		return false;
	if (received == NULL)
		received = environ;
	memcpy(larger, environ, count * sizeof *environ);
	larger[count] = NULL;
	room = count + SPARE;
	environ = own = larger;
	return true;
}

static size_t count_all(void)
{
	size_t count = 0;

	while (environ[count] != NULL)
		count++;
	return count;
}

char **environment_received(void)
{
	return received == NULL ? environ : received;
}

bool environment_put(char *assignment)
{
	const size_t name = strcspn(assignment, "=") + 1, count = count_all();
	const bool has_room = make_own(count);
	size_t at = 0;

	while (at < count && strncmp(environ[at], assignment, name) != 0)
		at++;
	if (at == count && !has_room)
		return false;
	environ[at] = assignment;
	if (at == count)
		environ[count + 1] = NULL;
	return true;
}

void environment_remove(const char *name)
{
	const size_t length = strlen(name);
	size_t kept = 0;

	(void)!make_own(count_all());
	for (size_t i = 0; environ[i] != NULL; i++)
		if (strncmp(environ[i], name, length) != 0 || environ[i][length] != '=')
			environ[kept++] = environ[i];
	environ[kept] = NULL;
}
