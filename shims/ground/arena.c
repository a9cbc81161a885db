#include "ground/arena.h"

#include <string.h>
#include <sys/mman.h>

/* PATH and MAKEFLAGS may each take a quarter of it, an array of pointers an eighth; the rest is for paths. With one KiB more the linker
 * fills the launcher's file up to a full page. */
enum { ARENA_BYTES = 255 * 1024, POINTERS_MAX = ARENA_BYTES / 8, ALIGNMENT = sizeof(void *) };

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

size_t arena_mark(void)
{
	return used;
}

void arena_release(size_t mark)
{
	used = mark;
}

char **arena_pointers(size_t count)
{
	const size_t size = count * sizeof(char *);
	char *kept = size <= POINTERS_MAX ? arena_keep(size) : NULL;
	void *pages;

	if (kept != NULL)
		return (char **)(void *)kept;
	pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return pages == MAP_FAILED ? NULL : pages;
}
