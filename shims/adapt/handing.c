#include "adapt/handing.h"

#include <stdlib.h>
#include <string.h>

#include "contract.h"
#include "ledger/ledger.h"
#include "pool/jobs.h"
#include "pool/jobserver.h"
#include "pool/makeflags.h"
#include "pool/makereader.h"
#include "ground/arena.h"
#include "ground/text.h"

static bool are_several(long jobs)
{
	return jobs == JOBS_UNBOUNDED || jobs > 1;
}

static long jobs_in_flags(void)
{
	const char *makeflags = getenv("MAKEFLAGS");
	struct make_reader reader;
	struct make_flag flag;
	long jobs = JOBS_UNSAID, last;

	make_reader_begin(&reader, makeflags == NULL ? "" : makeflags);
	while (make_reader_next(&reader, &flag))
		if (make_flag_jobs(&flag, &last))
			jobs = last;
	return jobs;
}

/* Without a -j it does one thing after the other, and with a jobserver it would not: its tools take slots themselves. */
static bool make_suits(bool join, const struct adapter *adapter, char *argv[])
{
	const long jobs = jobs_read(adapter->family, argv);

	return join && are_several(jobs == JOBS_UNSAID ? jobs_in_flags() : jobs);
}

static bool ninja_suits(bool join, const struct adapter *adapter, char *argv[])
{
	const long jobs = jobs_read(adapter->family, argv);

	return jobs == JOBS_UNSAID || jobs_heed(adapter->family, argv) || (join && are_several(jobs));
}

static bool cargo_suits(bool join, const struct adapter *adapter, char *argv[])
{
	const long jobs = jobs_read(adapter->family, argv);

	return jobs == JOBS_UNSAID || (join && are_several(jobs));
}

bool handing_suits(const struct adapter *adapter, bool join, char *argv[])
{
	/* Of the others what they start takes slots. */
	static bool (*const suits[])(bool, const struct adapter *, char *[]) = {
		[ADAPTER_BMAKE] = NULL,         [ADAPTER_CARGO] = cargo_suits, [ADAPTER_CMAKE] = NULL,        [ADAPTER_CTEST] = NULL,
		[ADAPTER_GO] = NULL,            [ADAPTER_MAKE] = make_suits,   [ADAPTER_NINJA] = ninja_suits,
	};

	return suits[adapter->kind] != NULL && suits[adapter->kind](join, adapter, argv);
}

char *handing_flags(const struct jobserver *jobserver)
{
	const long slots = ledger_slots_of(jobserver);
	const char *said = getenv("MAKEFLAGS"), *without;
	size_t room;
	char *text;
	int length;

	if (said == NULL)
		said = "";
	without = makeflags_without_jobserver(said);
	said = without == NULL ? said : strchr(without, '=') + 1;
	said += strspn(said, MAKE_SPACES);
	text = arena_room(&room);
	/* Before all else: behind a -- there are variables. Letters without a dash are options only as the first word. */
	length = text_put(text, room, "MAKEFLAGS= -j%ld --jobserver-auth=fifo:%s %s%s", slots > 0 ? slots : 1, jobserver->path,
	                  make_begins_bare(said) ? "-" : "", said);
	return length > 0 && (size_t)length < room ? arena_keep((size_t)length + 1) : NULL;
}
