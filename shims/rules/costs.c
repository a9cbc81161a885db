#include "rules/costs.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/ledgerfile.h"
#include "ground/arena.h"
#include "ground/clock.h"
#include "ground/file.h"
#include "ground/text.h"

enum {
	HISTOGRAM_BYTES = COSTS_BUCKETS * COSTS_COUNTER_BYTES,
	SMALL_KIB = 8192, /* such a run is so short that to note each would take 2 % of its time; */
	CLOCK_GRAIN_NS = 64,
	SMALL_EACH = 8,   /* so one of so many, chosen by the clock, counts as so many */
};

_Static_assert(sizeof(uint32_t) == COSTS_COUNTER_BYTES, "a counter");
_Static_assert(COSTS_COMPILE == (int)RUN_COMPILE && COSTS_LINK == (int)RUN_LINK && COSTS_PREPROCESS == (int)RUN_PREPROCESS &&
                   COSTS_OTHER == (int)RUN_OTHER, "one histogram a kind");

/* The most KiB that a bucket counts (src/contract/costs-layout.ts): four buckets for each power of two. */
static uint64_t bound_of(unsigned bucket)
{
	return bucket < 4 ? bucket : ((5 + (uint64_t)bucket % 4) << (bucket / 4 - 1)) - 1;
}

static unsigned bucket_of(uint64_t kib)
{
	unsigned bucket = 0;

	while (bucket < COSTS_BUCKETS - 1 && kib > bound_of(bucket))
		bucket++;
	return bucket;
}

/* -1 if the file is missing and can't be made. */
static int open_costs(const char *shim_dir, const char *tool, int flags)
{
	size_t room;
	char *path = arena_room(&room);

	if (shim_dir[0] == '\0' || text_put(path, room, "%s/.jobshim/costs/%s", shim_dir, tool) >= (int)room)
		return -1;
	return open_high(path, flags | O_NOFOLLOW | O_NONBLOCK);
}

/* A new file gets its size. */
static bool is_new(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size == 0 &&
	       ftruncate(fd, COSTS_FILE_BYTES) == 0 && fchmod(fd, 0644) == 0;
}

void costs_note(const char *shim_dir, const char *tool, enum run_kind kind, long kib)
{
	const bool small = kib < SMALL_KIB;
	uint32_t count = 0, more = small ? SMALL_EACH : 1;
	off_t at;
	int fd;

	if (kind >= COSTS_KINDS || kib <= 0 || (small && monotonic_ns() / CLOCK_GRAIN_NS % SMALL_EACH != 0))
		return;
	fd = open_costs(shim_dir, tool, O_RDWR | O_CREAT);
	if (fd < 0)
		return;
	at = (off_t)kind * HISTOGRAM_BYTES + (off_t)bucket_of((uint64_t)kib) * (off_t)sizeof count;
	if ((ledger_file_read(fd, &count, sizeof count, at) || is_new(fd)) && count <= UINT32_MAX - more) {
		count += more;
		(void)!ledger_file_write(fd, &count, sizeof count, at); /* a full disk: it is not counted */
	}
	close(fd);
}

uint32_t costs_learned(const char *shim_dir, const char *tool, enum run_kind kind)
{
	uint32_t counts[COSTS_BUCKETS];
	uint64_t all = 0, seen = 0;
	bool known;
	int fd = kind >= COSTS_KINDS ? -1 : open_costs(shim_dir, tool, O_RDONLY);

	if (fd < 0)
		return 0;
	known = ledger_file_read(fd, counts, sizeof counts, (off_t)kind * HISTOGRAM_BYTES);
	close(fd);
	for (unsigned i = 0; known && i < COSTS_BUCKETS; i++)
		all += counts[i];
	for (unsigned i = 0; all > 0 && i < COSTS_BUCKETS; i++) {
		seen += counts[i];
		if (seen * 100 >= all * 95)
			return bound_of(i) < UINT32_MAX ? (uint32_t)bound_of(i) : UINT32_MAX;
	}
	return 0;
}
