#include "ground/signals.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { KERNEL_BYTES = _NSIG / 8, WORD_BITS = CHAR_BIT * sizeof(unsigned long) };

_Static_assert(KERNEL_BYTES % sizeof(unsigned long) == 0 && KERNEL_BYTES <= sizeof(sigset_t), "the kernel's mask is words, the first of libc's");

void signals_add(sigset_t *set, int number)
{
	const size_t bit = (size_t)(number - 1), at = bit / WORD_BITS * sizeof(unsigned long);
	unsigned long word;

	memcpy(&word, (char *)set + at, sizeof word);
	word |= 1ul << bit % WORD_BITS;
	memcpy((char *)set + at, &word, sizeof word);
}

int signals_mask(int how, const sigset_t *set, sigset_t *old)
{
	if (old != NULL)
		sigemptyset(old); /* the kernel fills less of it */
	return (int)syscall(SYS_rt_sigprocmask, how, set, old, KERNEL_BYTES);
}

int signals_wait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout)
{
	return (int)syscall(SYS_rt_sigtimedwait, set, info, timeout, KERNEL_BYTES);
}

int signals_handle(int number, const struct sigaction *action, struct sigaction *old)
{
	sigset_t mask;
	const bool is_known = signals_mask(SIG_BLOCK, NULL, &mask) == 0;
	const int result = sigaction(number, action, old);

	return is_known && signals_mask(SIG_SETMASK, &mask, NULL) < 0 ? -1 : result;
}
