#include "look/shimnames.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "contract.h"
#include "tool/adapters.h"
#include "tool/families.h"
#include "tool/wanted.h"
#include "ground/arena.h"
#include "ground/file.h"

enum { NAMES_MAX = 1024, FAMILIES_MAX = 32 };

static struct {
	const char *dir;
	const char *names[NAMES_MAX]; /* of tools */
	size_t name_count;
	const char *families[FAMILIES_MAX]; /* of those, and the wanted ones */
	size_t family_count;
	bool is_wish_known;
	struct timespec made; /* when the shims were installed */
} shims;

static bool has_family(const char *family)
{
	for (size_t i = 0; i < shims.family_count; i++)
		if (strcmp(shims.families[i], family) == 0)
			return true;
	return false;
}

static void add_family(const char *family)
{
	if (shims.family_count < FAMILIES_MAX && !has_family(family))
		shims.families[shims.family_count++] = family;
}

static void add_wanted(const char *key, const char *value)
{
	if (strcmp(key, "family") == 0)
		add_family(value);
}

static void add_name(const char *name)
{
	const struct family_row *family = family_of(name);

	if (shims.name_count == NAMES_MAX || (shims.names[shims.name_count] = arena_copy(name, strlen(name))) == NULL)
		return;
	shims.name_count++;
	if (family != NULL)
		add_family(family->family);
}

static bool add_shim(int directory, const char *name, void *state)
{
	(void)directory;
	(void)state;
	if (name[0] != '.' && adapter_find(name) == NULL)
		add_name(name);
	return false;
}

bool shimnames_read(const char *shim_dir)
{
	struct stat status;
	const int directory = shim_dir[0] == '\0' ? -1 : open_high(shim_dir, O_RDONLY | O_DIRECTORY);

	if (directory < 0)
		return false;
	shims.dir = shim_dir;
	directory_each(directory, add_shim, NULL);
	if (fstatat(directory, ".jobshim/manifest.json", &status, 0) == 0)
		shims.made = status.st_mtim;
	close(directory);
	shims.is_wish_known = wanted_each(shim_dir, add_wanted);
	return true;
}

bool shimnames_has(const char *name)
{
	for (size_t i = 0; i < shims.name_count; i++)
		if (strcmp(shims.names[i], name) == 0)
			return true;
	return false;
}

static bool is_newer(const char *path)
{
	struct stat status;

	return shims.made.tv_sec != 0 && stat(path, &status) == 0 &&
	       (status.st_ctim.tv_sec > shims.made.tv_sec || (status.st_ctim.tv_sec == shims.made.tv_sec &&
	                                                      status.st_ctim.tv_nsec > shims.made.tv_nsec));
}

bool shimnames_lacks(const char *name, const char *path)
{
	const struct family_row *family = adapter_find(name) != NULL ? NULL : family_of(name);

	if (family == NULL)
		return false;
	return has_family(family->family) || (!shims.is_wish_known && family->by_default && is_newer(path));
}

bool shimnames_on_path(const char *path)
{
	const size_t length = strlen(shims.dir);

	for (const char *at = path; *at != '\0'; at += strcspn(at, ":"), at += *at == ':')
		if (strncmp(at, shims.dir, length) == 0 && (at[length] == ':' || at[length] == '\0'))
			return true;
	return false;
}

const char *shimnames_directory(void)
{
	return shims.dir;
}
