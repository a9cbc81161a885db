#include "ledger/ledger.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "contract.h"
#include "ledger/ledgerfile.h"
#include "ledger/mapping.h"
#include "proc/process.h"

/* Without a ledger the same code reads and writes this header. */
static struct ledger_header no_header, header_copy;

/* The fields that tell whose it is, and how large, are at its beginning. */
static const size_t HEAD_BYTES = offsetof(struct ledger_header, supervised);

static void without(struct ledger *ledger, const char *why)
{
	if (ledger->fd >= 0)
		close(ledger->fd);
	ledger->fd = -1;
	ledger->copied = false;
	ledger->header = &no_header;
	ledger->why = why;
}

void ledger_map(struct ledger *ledger)
{
	if (ledger->fd < 0 || !ledger->copied)
		return;
	ledger->copied = false;
	ledger->header = mapping_make(ledger->fd, 0);
	if (ledger->header == NULL)
		without(ledger, "the ledger can't be mapped");
}

bool ledger_refresh(struct ledger *ledger)
{
	if (ledger->copied)
		return ledger_file_read(ledger->fd, &header_copy, sizeof header_copy, 0);
	/* A page whose first access is a store faults only once. */
	LEDGER_ADD(ledger, running, 0);
	return true;
}

bool ledger_store(const struct ledger *ledger, size_t offset, size_t size)
{
	return !ledger->copied || ledger_file_write(ledger->fd, (const unsigned char *)&header_copy + offset, size, (off_t)offset);
}

/* Checks the file of fd, and maps its header unless it is to be copied. */
static void adopt(struct ledger *ledger, int fd, uid_t owner, bool copy)
{
	struct ledger_header head;
	struct stat status;

	ledger->fd = fd;
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_uid != owner || (status.st_mode & S_IWOTH) != 0)
		return without(ledger, "the ledger is not a file of ours");
	if (status.st_size != LEDGER_BYTES)
		return without(ledger, "the ledger is cut or from another version");
	/* Read, not mapped: see ledger_refresh. */
	if (!ledger_file_read(fd, &head, HEAD_BYTES, 0) || memcmp(head.magic, LEDGER_MAGIC, sizeof head.magic) != 0 ||
	    head.version != LEDGER_VERSION || head.record_count != LEDGER_RECORD_COUNT)
		return without(ledger, "the ledger is from another version");
	ledger->owner = (pid_t)head.owner_pid;
	ledger->owner_start = head.owner_start;
	ledger->owner_namespace = head.owner_pid_namespace;
	ledger->copied = true;
	if (copy)
		ledger->header = memcpy(&header_copy, &head, HEAD_BYTES);
	else
		ledger_map(ledger);
}

void ledger_none(struct ledger *ledger)
{
	*ledger = (struct ledger){ .fd = -1 };
	without(ledger, "there is none");
}

void ledger_open(struct ledger *ledger, const struct jobserver *jobserver, enum ledger_use use)
{
	const char *why = "signals can't be handled";
	uid_t owner;
	int fd;

	ledger_none(ledger);
	fd = mapping_begin() ? ledger_file_open(jobserver, use != LEDGER_LOOK, &owner, &why) : -1;
	if (fd < 0)
		ledger->why = why;
	else
		adopt(ledger, fd, owner, use == LEDGER_COPY);
}

void ledger_close(struct ledger *ledger)
{
	without(ledger, "it was closed");
	mapping_end();
}

bool ledger_owned_in(const struct ledger *ledger, uint64_t namespace)
{
	return ledger->owner != 0 && ledger->owner_namespace == namespace;
}

bool ledger_owned_by(const struct ledger *ledger, const struct process *process)
{
	/* No other process has both, in any PID namespace: start times are by the machine's clock. */
	return ledger->owner == process->pid && ledger->owner_start == process->start;
}

/* A server's group may have written anything there. */
static long size_of(const struct ledger *ledger, int32_t tokens)
{
	return ledger->fd < 0 || tokens < 0 || tokens > LEDGER_POOL_MAX ? -1 : tokens;
}

long ledger_tokens(const struct ledger *ledger)
{
	return size_of(ledger, ledger->header->total);
}

long ledger_tokens_now(const struct ledger *ledger)
{
	int32_t tokens;

	return ledger->fd >= 0 && ledger_file_read(ledger->fd, &tokens, sizeof tokens, offsetof(struct ledger_header, total))
	           ? size_of(ledger, tokens)
	           : -1;
}

long ledger_wanted(const struct ledger *ledger)
{
	return size_of(ledger, ledger->header->wanted);
}

long ledger_slots(const struct ledger *ledger)
{
	/* A `jobshim run` may have fewer of the machine's tokens now than it may get. */
	const long tokens = ledger->owner != 0 ? ledger_wanted(ledger) : ledger_tokens(ledger);

	/* The command of `jobshim run` has a slot of its own. */
	return tokens < 0 ? -1 : tokens + (ledger->owner != 0);
}

long ledger_slots_of(const struct jobserver *jobserver)
{
	struct ledger ledger;
	long slots;

	ledger_open(&ledger, jobserver, LEDGER_LOOK);
	slots = ledger_slots(&ledger);
	ledger_close(&ledger);
	return slots;
}
