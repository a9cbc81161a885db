#include "wait/holding.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "contract.h"
#include "ledger/ledgerfile.h"
#include "ledger/records.h"
#include "proc/process.h"

void holding_begin(struct holding *holding, const struct jobserver *jobserver, const struct ledger *ledger, bool is_self)
{
	holding->known = NULL;
	holding->jobserver = jobserver;
	holding->ledger = ledger;
	holding->opened.fd = -1;
	holding->is_self = is_self;
	holding->is_read = holding->has_any = false;
}

void holding_begin_known(struct holding *holding, const struct process *known)
{
	*holding = (struct holding){ .known = known, .opened.fd = -1 };
}

static void note(unsigned index, const struct ledger_record *record, void *state)
{
	struct holding *holding = state;
	const unsigned bit = record->pid % LEDGER_RECORD_COUNT;

	(void)index;
	if (!record_is_supervised(record))
		return;
	holding->numbers[bit / 8] |= (unsigned char)(1u << bit % 8);
	holding->has_any = true;
}

static const struct ledger *ledger_of(const struct holding *holding)
{
	return holding->ledger->fd < 0 ? &holding->opened : holding->ledger;
}

/* One look at all records, by which most ancestors need no further one. */
static void read_all(struct holding *holding)
{
	const struct ledger *in_use;
	uint32_t supervised;

	holding->is_read = true;
	/* A sandbox is a filter, and most builds are in none; in a container they are in another one. */
	if (holding->is_self && prctl(PR_GET_SECCOMP) == 0)
		return;
	if (holding->ledger->fd < 0)
		ledger_open(&holding->opened, holding->jobserver, LEDGER_COPY);
	in_use = ledger_of(holding);
	if (in_use->fd < 0 || !ledger_file_read(in_use->fd, &supervised, sizeof supervised, offsetof(struct ledger_header, supervised)) ||
	    supervised == 0)
		return;
	memset(holding->numbers, 0, sizeof holding->numbers);
	(void)records_each(in_use, note, holding);
}

bool holding_has(struct holding *holding, const struct process *process)
{
	const unsigned bit = (unsigned)process->pid % LEDGER_RECORD_COUNT;
	struct process whole;

	if (holding->known != NULL)
		return process->pid == holding->known->pid && process->start == holding->known->start;
	if (!holding->is_read)
		read_all(holding);
	return holding->has_any && (holding->numbers[bit / 8] & 1u << bit % 8) != 0 && process_read(process->pid, &whole) &&
	       records_have_tool(ledger_of(holding), &whole);
}

void holding_end(struct holding *holding)
{
	if (holding->opened.fd >= 0)
		close(holding->opened.fd); /* it was not mapped */
}
