#include "rules/memory.h"

#include <limits.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "contract.h"
#include "ledger/ledger.h"
#include "rules/caller.h"
#include "rules/kernelfiles.h"
#include "ground/clock.h"
#include "ground/file.h"
#include "ground/hash.h"
#include "ground/number.h"
#include "ground/text.h"

static const uint64_t BELIEVED_NS = 1000000000u;

/* The files of a memory controller. */
struct controller {
	const char *root;
	const char *limit; /* bytes, or max */
	const char *usage; /* bytes */
	const char *cache; /* the line of memory.stat for memory that can be freed at once, in bytes */
};

static const struct controller version_1 = { memory_cgroup_directory, "memory.limit_in_bytes", "memory.usage_in_bytes",
	                                         "\ntotal_inactive_file " };
static const struct controller version_2 = { cgroup_directory, "memory.max", "memory.current", "\ninactive_file " };

/* The number behind name; false if there is none. */
static bool number_after(const char *text, const char *name, uint64_t *number)
{
	const char *at = text_behind(text, strlen(text), name);

	if (at == NULL)
		return false;
	*number = number_scan(&at, 10);
	return true;
}

/* A file of the group at path, which is length bytes long. False if it can't be read. */
static bool read_file(const struct controller *controller, const char *path, size_t length, const char *name, char *text,
                      size_t size)
{
	char file[PATH_MAX];

	return text_put(file, sizeof file, "%s%.*s/%s", controller->root, (int)length, path, name) < (int)sizeof file &&
	       read_small_file(file, text, size) > 0;
}

static bool read_bytes(const struct controller *controller, const char *path, size_t length, const char *name,
                       uint64_t *bytes)
{
	char text[32];
	const char *at = text;

	if (!read_file(controller, path, length, name, text, sizeof text) || text[0] < '0' || text[0] > '9')
		return false; /* max: none */
	*bytes = number_scan(&at, 10);
	return true;
}

/* True if it has a limit. */
static bool heed_group(struct memory *memory, const struct controller *controller, const char *path, size_t length)
{
	char text[4096] = "\n";
	uint64_t limit, usage, cache = 0;

	if (!read_bytes(controller, path, length, controller->limit, &limit) || limit / 1024 >= memory->total ||
	    !read_bytes(controller, path, length, controller->usage, &usage))
		return false;
	if (read_file(controller, path, length, "memory.stat", text + 1, sizeof text - 1))
		number_after(text, controller->cache, &cache);
	usage = cache < usage ? usage - cache : 0;
	memory->total = limit / 1024;
	limit = limit > usage ? (limit - usage) / 1024 : 0;
	if (limit < memory->available)
		memory->available = limit;
	return true;
}

/* The group at path and all groups above it: each has a limit of its own. */
static bool heed_groups(struct memory *memory, const struct controller *controller, const char *path, size_t length)
{
	bool limited = false;

	while (length > 0) {
		if (path[length - 1] != '/')
			limited |= heed_group(memory, controller, path, length);
		do
			length--;
		while (length > 0 && path[length] != '/');
	}
	return heed_group(memory, controller, path, 0) || limited;
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

/* Lines of `ID:CONTROLLERS:PATH` (cgroups(7)); `0::` is that of version 2. Most builds have no limit: what one launcher found holds for a
 * second, for all in the same groups and for all that its caller starts. */
static void heed_cgroups(struct memory *memory, struct ledger *ledger)
{
	char text[4096];
	bool limited = false;
	ssize_t size = caller_is_unlimited(ledger) ? -1 : read_small_file(own_cgroups_file, text, sizeof text);
	uint64_t groups = size < 0 ? 0 : hash(HASH_OF_NOTHING, text, (size_t)size), now = monotonic_ns();
	volatile struct ledger_header *header = ledger->header;

	if (size < 0)
		return;
	if (header->unlimited == groups && now - header->unlimited_at < BELIEVED_NS) {
		caller_tell_unlimited(ledger);
		return;
	}
	for (const char *line = text; *line != '\0';) {
		size_t length = strcspn(line, "\n");
		const char *controllers = memchr(line, ':', length);
		const char *path = controllers == NULL ? NULL : strchr(++controllers, ':');

		if (path != NULL && path < line + length) {
			size_t rest = (size_t)(line + length - ++path);

			if (strncmp(line, "0::", 3) == 0)
				limited |= heed_groups(memory, &version_2, path, rest);
			else if (has_memory(controllers, (size_t)(path - 1 - controllers)))
				limited |= heed_groups(memory, &version_1, path, rest);
		}
		line += length;
		line += *line == '\n';
	}
	if (!limited) {
		header->unlimited = groups;
		header->unlimited_at = now;
		(void)!ledger_store(ledger, offsetof(struct ledger_header, unlimited), sizeof header->unlimited + sizeof header->unlimited_at);
		caller_tell_unlimited(ledger);
	}
}

/* Memory that is not used at all: less than what could be freed, but quick to find out. */
static bool is_unused(struct memory *memory, uint64_t enough)
{
	struct sysinfo info;

	if (!has_sysinfo || sysinfo(&info) < 0)
		return false;
	memory->available = (uint64_t)info.freeram * info.mem_unit / 1024;
	memory->total = (uint64_t)info.totalram * info.mem_unit / 1024;
	return memory->available >= enough;
}

bool memory_look(struct memory *memory, uint64_t enough, struct ledger *ledger)
{
	char text[512];

	if (is_unused(memory, enough)) {
		heed_cgroups(memory, ledger);
		return true;
	}
	if (read_small_file(memory_file, text, sizeof text) < 0 || !number_after(text, "MemTotal:", &memory->total) ||
	    !number_after(text, "MemAvailable:", &memory->available))
		return false;
	heed_cgroups(memory, ledger);
	return true;
}
