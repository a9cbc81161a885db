#include "look/owners.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>

#include "proc/descriptors.h"

static void note_records(uint64_t first, uint64_t last, void *state)
{
	struct owners *owners = state;

	if (first < LEDGER_HEADER_BYTES || last < first)
		return;
	for (uint64_t at = (first - LEDGER_HEADER_BYTES) / LEDGER_RECORD_BYTES; at < LEDGER_RECORD_COUNT; at++) {
		if (LEDGER_HEADER_BYTES + at * LEDGER_RECORD_BYTES > last)
			return;
		owners->of[at] = owners->met;
	}
}

static bool note_ledger(int directory, const char *name, void *state)
{
	struct owners *owners = state;
	struct stat status;

	if (fstatat(directory, name, &status, 0) == 0 && status.st_dev == owners->ledger.st_dev &&
	    status.st_ino == owners->ledger.st_ino)
		process_fd_each_lock(directory, name, note_records, owners);
	return false;
}

void owners_note(struct owners *owners, pid_t pid)
{
	owners->met = pid;
	process_each_fd(pid, note_ledger, owners);
}
