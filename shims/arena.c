#include "arena.h"

#include <string.h>

/* The environment's pointers, PATH and MAKEFLAGS may each take a quarter of it; the rest is for paths. */
enum { ARENA_BYTES = 256 * 1024, ALIGNMENT = sizeof(void *) };

static _Alignas(sizeof(void *)) char arena[ARENA_BYTES];
static size_t used;

char *arena_room(size_t *room)
{
	*room = ARENA_BYTES - used;
	return arena + used;
}

char *arena_keep(size_t size)
{
	char *kept = arena + used;

	if (size > ARENA_BYTES - used)
		return NULL;
	used += (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	return kept;
}

char *arena_copy(const char *text, size_t length)
{
	size_t room;
	char *copy = arena_room(&room);

	if (length >= room)
		return NULL;
	memmove(copy, text, length);
	copy[length] = '\0';
	return arena_keep(length + 1);
}
