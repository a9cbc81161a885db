#include "sandbox/nesting.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ground/file.h"
#include "ground/hash.h"
#include "ground/retry.h"
#include "pool/jobserver.h"

/* As long as `run` waits for a supervisor that stands still. */
enum { PATIENCE_MS = 5000 };

/* Nothing lies there: with 64 bits no processor has such an address. Its last byte is the version of what follows. */
static const unsigned long WORD = (unsigned long)0x6a6f627368696d01ULL;

enum { POOL = 1, SHIMS, RULES };

/* More than any pid, and no error, in 32 bits. */
enum { ANSWER = 0x6a6f6200, ANSWER_MASK = 0xff };

static uint64_t hash_of_file(dev_t device, ino_t inode)
{
	const uint64_t numbers[] = { device, inode };

	return hash(HASH_OF_NOTHING, numbers, sizeof numbers) | 1;
}

uint64_t common_pool(const struct jobserver *jobserver)
{
	return hash_of_file(jobserver->device, jobserver->inode);
}

uint64_t common_shims(const char *shim_dir)
{
	struct stat status;

	return stat_path(shim_dir, &status) ? hash_of_file(status.st_dev, status.st_ino) : 1;
}

uint64_t common_rules(const char *text)
{
	return hash(HASH_OF_NOTHING, text, strlen(text)) | 1;
}

/* The arguments of a call may have 32 bits. */
static bool differs(uint64_t wanted, uint64_t own)
{
	return wanted != 0 && (unsigned long)wanted != (unsigned long)own;
}

bool nesting_is_wanted(const uint64_t arguments[6])
{
	return arguments[0] == WORD;
}

int64_t nesting_answer(const uint64_t arguments[6], const struct common *own)
{
	unsigned above = ABOVE_OURS;

	if (own == NULL)
		return ANSWER | ABOVE_OURS | ABOVE_IS_OVER;
	if (differs(arguments[POOL], own->pool))
		above |= ABOVE_OTHER_POOL;
	if (differs(arguments[SHIMS], own->shims))
		above |= ABOVE_OTHER_SHIMS;
	if (differs(arguments[RULES], own->rules))
		above |= ABOVE_OTHER_RULES;
	return ANSWER | above;
}

/* If it is not answered, the kernel takes the word for an address to write to, as this process ends, if others share its memory. */
static _Noreturn void call(const struct common *wanted)
{
	const long answer = syscall(SYS_set_tid_address, WORD, (unsigned long)wanted->pool, (unsigned long)wanted->shims,
	                            (unsigned long)wanted->rules, 0UL, 0UL);

	_exit((answer & ~ANSWER_MASK) == ANSWER ? (int)(answer & ANSWER_MASK) : ABOVE_FOREIGN);
}

/* In a child, which can be given up. */
unsigned nesting_find(const struct common *wanted)
{
	int ends[2], status;
	struct pollfd ready = { .events = POLLIN };
	pid_t child;

	if (!pipe_high(ends))
		return ABOVE_FOREIGN;
	child = fork();
	if (child == 0)
		call(wanted);
	close(ends[1]);
	ready.fd = ends[0];
	if (child > 0 && RETRY(poll(&ready, 1, PATIENCE_MS)) <= 0)
		kill(child, SIGKILL);
	close(ends[0]);
	if (child < 0 || RETRY(waitpid(child, &status, 0)) != child || !WIFEXITED(status))
		return ABOVE_FOREIGN;
	return (unsigned)WEXITSTATUS(status);
}

const char *nesting_why(unsigned above)
{
	if ((above & ABOVE_IS_OVER) != 0)
		return "it is in a sandbox whose supervisor has ended, and there can be one only";
	if ((above & ABOVE_OTHER_POOL) != 0)
		return "the sandbox that it is in has another pool, and there can be one only";
	if ((above & ABOVE_OTHER_SHIMS) != 0)
		return "the sandbox that it is in has another shim dir, and there can be one only";
	return "the sandbox that it is in has other rules, and there can be one only";
}
