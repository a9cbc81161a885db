/* Starts the real tool and stays out of its way until it ends. */
#ifndef CHILD_H
#define CHILD_H

#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <time.h>

/* What our caller gave us and the tool is to get. */
struct inherited {
	sigset_t mask;
	struct sigaction child; /* ignored SIGCHLD would lose the tool's status */
	char *number_at; /* in its environment, where it is to find its own number (badge.h); NULL: nowhere */
};

/* Notes mask and dispositions, then blocks the signals that are passed on, so that none ends us while we hold a token. */
void child_prepare(struct inherited *inherited);

/* Gives mask and dispositions back, for an exec in our place. */
void child_unprepare(const struct inherited *inherited);

/* What is to be done while the program runs. */
struct meanwhile {
	const struct timespec *(*step)(void *state); /* returns how long until the next one, NULL: for ever. NULL: nothing is to be done */
	void *state;
};

/* Runs the program and returns its wait status, and in *usage what it used; signals sent to us go to it. -1, with errno set, if it can't be
 * started as a child; ECHILD: it was, and how it ended can't be told. */
int child_run(const char *path, char *const argv[], char *const envp[], const struct inherited *inherited,
              const struct meanwhile *meanwhile, struct rusage *usage);

/* The two halves of it. path NULL: the program is found as exec_found() finds it. */
pid_t child_start(const char *path, char *const argv[], char *const envp[], const struct inherited *inherited);
int child_wait(pid_t child, const struct meanwhile *meanwhile, struct rusage *usage);

/* Ends this process as status says: with its exit code, or of its signal. */
_Noreturn void child_end_like(int status);

/* execve, and for a script without `#!` the shell, as execvp() has it. Returns only on error. */
void exec_program(const char *path, char *const argv[], char *const envp[]);

/* The same for the program that argv[0] names, on PATH if it has no slash: that may be a shim. */
void exec_found(char *const argv[], char *const envp[]);

#endif
