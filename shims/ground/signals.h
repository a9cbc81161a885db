/* Masks of signals as the kernel has them: a libc leaves out the real-time ones that it keeps for itself. */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <signal.h>

/* The first two, 32 and 33, are every libc's own; that a program may use begins here. musl takes this one, too. */
enum { FIRST_REAL_TIME = 34, LAST_REAL_TIME = _NSIG - 1 };

/* As sigaddset(), for any signal. */
void signals_add(sigset_t *set, int number);

/* As sigprocmask(): 0, or -1 with errno. old: NULL, or what the mask was. */
int signals_mask(int how, const sigset_t *set, sigset_t *old);

/* As sigaction(), and changes no mask: musl unblocks two signals at the first handler. */
int signals_handle(int number, const struct sigaction *action, struct sigaction *old);

/* As sigtimedwait(): the signal's number, or -1 with errno. timeout: NULL, or how long it waits. */
int signals_wait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout);

#endif
