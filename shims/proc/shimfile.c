#include "proc/shimfile.h"

#include <string.h>

#include "ground/links.h"

static const char LAUNCHER[] = ".jobshim/launcher", LOOK[] = ".jobshim/look", FILES[] = ".jobshim/bin/";

/* Whether text, which has length bytes, ends in end, and that begins a name of its own. */
static bool ends_in(const char *text, size_t length, const char *end)
{
	const size_t size = strlen(end);

	return length >= size && memcmp(text + length - size, end, size) == 0 &&
	       (length == size || text[length - size - 1] == '/');
}

/* Where .jobshim begins in the path of a launcher; NULL for any other path. *name is the tool's, empty without one. */
static const char *marker_in(const char *path, const char **name)
{
	const size_t length = strlen(path);
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return NULL;
	*name = slash + 1;
	if (**name != '\0' && ends_in(path, (size_t)(*name - path), FILES))
		return *name - strlen(FILES);
	*name = path + length;
	return ends_in(path, length, LAUNCHER) ? path + length - strlen(LAUNCHER) : NULL;
}

bool is_launcher(const char *path)
{
	const char *name;

	return path[0] == '/' && marker_in(path, &name) != NULL;
}

bool is_look(const char *path)
{
	return path[0] == '/' && ends_in(path, strlen(path), LOOK);
}

bool is_relayed(const char *path)
{
	return path[0] == '/' && ends_in(path, strlen(path), &LOOK_PLACE[1]);
}

bool is_of_shim_dir(const char *path)
{
	return is_launcher(path) || is_look(path);
}

bool shim_at(const char *path, struct shim *shim)
{
	const char *name, *marker = marker_in(path, &name);
	size_t length = marker == NULL ? 0 : (size_t)(marker - path);

	if (marker == NULL || strlen(name) >= sizeof shim->name)
		return false;
	while (length > 1 && path[length - 1] == '/')
		length--;
	shim->dir = path;
	shim->dir_length = length;
	strcpy(shim->name, name);
	shim->is_file = name[0] != '\0';
	shim->links = 0;
	return true;
}

struct search {
	struct shim *shim;
	char last[NAME_MAX + 1]; /* the name of the link that was followed last */
	size_t length;           /* of its directory's path */
	unsigned links;
};

static bool look(const char *at, bool relative, void *state)
{
	struct search *search = state;
	struct shim *shim = search->shim;
	const char *slash = strrchr(at, '/'), *name = slash == NULL ? at : slash + 1;

	if (shim_at(at, shim)) {
		shim->links = search->links;
		/* A shim of an older version: the link that lies in DIR has the name. */
		if (shim->name[0] == '\0' && relative && search->length == shim->dir_length)
			strcpy(shim->name, search->last);
		return true;
	}
	search->links++;
	search->length = slash == NULL ? 0 : (size_t)(slash - at);
	search->last[0] = '\0';
	if (strlen(name) < sizeof search->last)
		strcpy(search->last, name);
	return false;
}

bool shim_behind(const char *path, struct shim *shim)
{
	struct search search;

	search.shim = shim;
	search.length = 0;
	search.links = 0;
	search.last[0] = '\0';
	return links_each(path, look, &search);
}
