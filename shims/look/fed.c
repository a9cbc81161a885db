#include "look/fed.h"

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "contract.h"
#include "acquire/acquire.h"
#include "ledger/ledger.h"
#include "ledger/ledgerfile.h"
#include "ledger/record.h"
#include "ledger/records.h"
#include "look/machine.h"
#include "pool/jobkey.h"
#include "pool/jobserver.h"
#include "pool/opening.h"
#include "pool/pool.h"
#include "pool/tokens.h"
#include "wait/job.h"
#include "proc/subject.h"
#include "ground/retry.h"
#include "ground/text.h"

enum { LOCKS_MAX = 16, CHANGES = -1 };

static struct {
	struct jobserver machine, own;
	int own_path; /* the run's FIFO, not open: nobody's reader */
	struct ledger ledger;     /* the machine's */
	struct ledger own_ledger; /* not mapped: a process maps one */
	struct lock locks[LOCKS_MAX];
	struct pool pool;
	struct subject subject;
	struct job job;
	struct acquire *slots; /* of the machine: the first is that of the command; then those that wait or were put in */
	long most;             /* slots */
	long held;
	long in_own; /* tokens in the run's pool */
	bool waits;  /* for slots[held] */
	bool runs_command; /* something may run in the first slot */
} fed = { .own_path = -1, .own_ledger.fd = -1 };

bool fed_open(const char *machine, const char *own, long slots, const char **why)
{
	*why = "no memory";
	fed.slots = calloc((size_t)slots, sizeof *fed.slots);
	if (fed.slots == NULL || !jobserver_open_path(&fed.machine, machine, why) || !jobserver_open_path(&fed.own, own, why))
		return false;
	fed.own_path = RETRY(open(own, O_PATH | O_CLOEXEC));
	ledger_open(&fed.ledger, &fed.machine, LEDGER_LOOK);
	ledger_open(&fed.own_ledger, &fed.own, LEDGER_COPY);
	fed.pool = (struct pool){ .jobserver = &fed.machine, .ledger = &fed.ledger };
	fed.pool.locks = (struct locks){ .fd = fed.machine.write_fd, .held = fed.locks, .room = LOCKS_MAX };
	fed.most = slots;
	*why = fed.ledger.fd < 0 ? fed.ledger.why : fed.own_ledger.why;
	return fed.ledger.fd >= 0 && fed.own_ledger.fd >= 0;
}

struct pool *fed_machine(void)
{
	return &fed.pool;
}

int fed_own(void)
{
	return fed.own.read_fd;
}

void fed_is_for(pid_t pid)
{
	if (!subject_of(pid, &fed.subject))
		return;
	for (long i = 0; i < fed.held + fed.waits; i++)
		fed.slots[i].record.at->pid = (uint32_t)pid;
}

static void begin(const struct self *self, double patience)
{
	const struct process *process = &fed.subject.process;

	if (fed.job.key == 0)
		fed.job = (struct job){ .pays = true, .key = job_key(0, (uint64_t)process->pid, process->start, "") };
	acquire_begin(&fed.slots[fed.held], &(struct acquire_for){
	                                        .pool = &fed.pool,
	                                        .subject = &fed.subject,
	                                        .self = self,
	                                        .tool = "run",
	                                        .job = &fed.job,
	                                        .patience = patience,
	                                    });
}

void fed_wait_for_first(const struct self *self, double patience)
{
	sigset_t none;

	sigemptyset(&none);
	begin(self, patience);
	acquire_wait(&fed.slots[0], &none);
	fed.held = 1;
	fed.runs_command = true;
}

bool fed_has_first(void)
{
	return fed.slots[0].slot.kind == SLOT_TOKEN;
}

long fed_tokens(void)
{
	return fed.in_own;
}

long fed_free(void)
{
	const long free = fed.in_own > 0 ? tokens_free(&fed.own) : 0;

	return free < fed.in_own ? free : fed.in_own;
}

long fed_most(void)
{
	return fed.most - 1;
}

bool fed_waits(void)
{
	return fed.waits;
}

/* Others count the tokens only while it says how many there are. A file that was cut says nothing, and they count none. */
static void tell(long tokens)
{
	const int32_t total = (int32_t)tokens;

	(void)!ledger_file_write(fed.own_ledger.fd, &total, sizeof total, offsetof(struct ledger_header, total));
}

static void let_go(struct acquire *slot)
{
	acquire_give_back(slot);
	acquire_end(slot);
}

void fed_begin_wait(const struct self *self)
{
	begin(self, 0);
	fed.waits = true;
	/* A slot without a record would be lost with us. */
	if (record_is_noted(&fed.slots[fed.held].record))
		return;
	fed_end_wait();
	fed.most = fed.held;
}

void fed_end_wait(void)
{
	if (fed.waits)
		acquire_end(&fed.slots[fed.held]);
	fed.waits = false;
}

/* The machine's token is held: then the run's pool gets one. */
static bool put(void)
{
	int count;

	tell(CHANGES);
	count = tokens_add(&fed.own, 1);
	fed.in_own += count;
	fed.held += count;
	tell(fed.in_own);
	return count > 0;
}

bool fed_step(bool timed_out, struct waiting *waiting)
{
	struct acquire *slot = &fed.slots[fed.held];

	if (!acquire_step(slot, timed_out, waiting))
		return false;
	fed.waits = false;
	/* Else the machine's pool can't be read, or the pipe takes nothing: the run goes on with what it has. */
	if (slot->slot.kind != SLOT_TOKEN || !put()) {
		let_go(slot);
		fed.most = fed.held;
	}
	return true;
}

static void let_go_last(long tokens)
{
	for (; tokens > 0; tokens--)
		let_go(&fed.slots[--fed.held]);
}

void fed_give_back(long tokens)
{
	long taken;

	if (tokens > fed.in_own)
		tokens = fed.in_own;
	if (tokens <= 0)
		return;
	fed_end_wait(); /* its place is that of the next one */
	tell(CHANGES);
	taken = tokens_take(&fed.own, tokens);
	fed.in_own -= taken;
	tell(fed.in_own);
	let_go_last(taken);
}

/* The launchers that have a slot in the run's pool. */
struct living {
	const struct ledger *ledger;
	long tokens, implicit; /* implicit: that have the command's own slot, or may come to have it */
};

static void count_living(unsigned index, const struct ledger_record *record, void *state)
{
	struct living *living = state;

	if (record->state == STATE_TOOL || record_owner(living->ledger, index, record) != OWNER_LIVES)
		return;
	living->tokens += record->kind == SLOT_TOKEN;
	living->implicit += record->kind != SLOT_TOKEN; /* who waits may have it next */
}

/* Whether another process has the run's FIFO open: one that has may be a launcher, which notes only later that it waits. If that can't be
 * told, nobody has. */
static bool is_open_elsewhere(void)
{
	char path[48];
	int fd;

	if (fed.in_own > 0)
		return true; /* those that have the tokens */
	jobserver_close(&fed.own);
	text_put(path, sizeof path, "/proc/self/fd/%d", fed.own_path);
	fd = RETRY(open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)); /* ENXIO: nobody reads it */
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void give_back_nobodys(const struct living *living)
{
	const long nobodys = fed.in_own - living->tokens;

	if (nobodys <= 0)
		return;
	fed.in_own -= nobodys;
	tell(fed.in_own);
	let_go_last(nobodys);
}

bool fed_end(bool is_late)
{
	struct living living = { .ledger = &fed.own_ledger };
	bool may_be_used;

	fed_end_wait();
	fed_give_back(fed_free());
	may_be_used = !is_late && is_open_elsewhere(); /* first: see there */
	if (!records_each(&fed.own_ledger, count_living, &living))
		living.implicit = 0;
	if (is_late)
		give_back_nobodys(&living);
	if (fed.runs_command && !may_be_used && living.implicit == 0) {
		fed.runs_command = false;
		let_go(&fed.slots[0]);
	}
	return fed.in_own == 0 && !fed.runs_command;
}

void fed_close(void)
{
	machine_end(&fed.machine);
}
