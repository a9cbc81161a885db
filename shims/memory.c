#include "memory.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process.h"

/* A test's launcher is built with others. */
#ifndef MEMINFO
#define MEMINFO "/proc/meminfo"
#endif
#ifndef CGROUPS
#define CGROUPS "/sys/fs/cgroup"
#endif
#ifndef OWN_CGROUPS
#define OWN_CGROUPS "/proc/self/cgroup"
#endif

/* The files of a memory controller. */
struct controller {
	const char *root;
	const char *limit; /* bytes, or max */
	const char *usage; /* bytes */
	const char *cache; /* the line of memory.stat that tells what can be given up at once, in bytes */
};

static const struct controller version_1 = { CGROUPS "/memory", "memory.limit_in_bytes", "memory.usage_in_bytes",
	                                         "\ntotal_inactive_file " };
static const struct controller version_2 = { CGROUPS, "memory.max", "memory.current", "\ninactive_file " };

/* The number behind name; false where there is none. */
static bool number_after(const char *text, const char *name, uint64_t *number)
{
	const char *at = strstr(text, name);

	if (at == NULL)
		return false;
	*number = strtoull(at + strlen(name), NULL, 10);
	return true;
}

/* A file of the group at path, which is length bytes long. False where it can't be read. */
static bool read_file(const struct controller *controller, const char *path, size_t length, const char *name, char *text,
                      size_t size)
{
	char file[PATH_MAX];

	return snprintf(file, sizeof file, "%s%.*s/%s", controller->root, (int)length, path, name) < (int)sizeof file &&
	       read_small_file(file, text, size) > 0;
}

static bool read_bytes(const struct controller *controller, const char *path, size_t length, const char *name,
                       uint64_t *bytes)
{
	char text[32];

	if (!read_file(controller, path, length, name, text, sizeof text) || text[0] < '0' || text[0] > '9')
		return false; /* max: none */
	*bytes = strtoull(text, NULL, 10);
	return true;
}

static void heed_group(struct memory *memory, const struct controller *controller, const char *path, size_t length)
{
	char text[4096] = "\n";
	uint64_t limit, usage, cache = 0;

	if (!read_bytes(controller, path, length, controller->limit, &limit) || limit / 1024 >= memory->total ||
	    !read_bytes(controller, path, length, controller->usage, &usage))
		return;
	if (read_file(controller, path, length, "memory.stat", text + 1, sizeof text - 1))
		number_after(text, controller->cache, &cache);
	usage = cache < usage ? usage - cache : 0;
	memory->total = limit / 1024;
	limit = limit > usage ? (limit - usage) / 1024 : 0;
	if (limit < memory->available)
		memory->available = limit;
}

/* The group at path and all it lies in: each has a limit of its own. */
static void heed_groups(struct memory *memory, const struct controller *controller, const char *path, size_t length)
{
	while (length > 0) {
		if (path[length - 1] != '/')
			heed_group(memory, controller, path, length);
		do
			length--;
		while (length > 0 && path[length] != '/');
	}
	heed_group(memory, controller, path, 0);
}

static bool has_memory(const char *controllers, size_t length)
{
	static const char name[] = "memory";
	const char *end = controllers + length;

	for (const char *at = controllers; at < end;) {
		size_t word = strcspn(at, ",:");

		if (word == strlen(name) && strncmp(at, name, word) == 0)
			return true;
		at += word + 1;
	}
	return false;
}

/* Lines of `ID:CONTROLLERS:PATH` (cgroups(7)); `0::` is that of version 2. */
static void heed_cgroups(struct memory *memory)
{
	char text[4096];

	if (read_small_file(OWN_CGROUPS, text, sizeof text) < 0)
		return;
	for (const char *line = text; *line != '\0';) {
		size_t length = strcspn(line, "\n");
		const char *controllers = memchr(line, ':', length);
		const char *path = controllers == NULL ? NULL : strchr(++controllers, ':');

		if (path != NULL && path < line + length) {
			size_t rest = (size_t)(line + length - ++path);

			if (strncmp(line, "0::", 3) == 0)
				heed_groups(memory, &version_2, path, rest);
			else if (has_memory(controllers, (size_t)(path - 1 - controllers)))
				heed_groups(memory, &version_1, path, rest);
		}
		line += length;
		line += *line == '\n';
	}
}

bool memory_look(struct memory *memory)
{
	char text[512];

	if (read_small_file(MEMINFO, text, sizeof text) < 0 || !number_after(text, "MemTotal:", &memory->total) ||
	    !number_after(text, "MemAvailable:", &memory->available))
		return false;
	heed_cgroups(memory);
	return true;
}
