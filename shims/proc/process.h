/* What /proc tells of a process. */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What start counts: the kernel's USER_HZ, which programs see whatever its own clock does. */
enum { TICKS_PER_SECOND = 100 };

struct process {
	pid_t pid;
	pid_t parent;
	pid_t session;
	uint64_t start; /* clock ticks since boot: with pid, a name that is not reused */
	uint64_t cpu;   /* user and system time so far, clock ticks */
	uint64_t reaped; /* that of its children that ended and were waited for */
	uint64_t pages; /* resident */
	long threads;
	bool ready;     /* its first thread runs, or could if it had a processor */
	bool stopped; /* by a signal, until it gets SIGCONT */
	bool zombie;    /* it has ended, and no thread of it lives */
	bool kernel;    /* a thread of the kernel's */
	bool begins_nothing; /* what it runs is its parent's program: it was forked, or is a thread besides the first, and has executed nothing since */
	bool becomes;   /* it is in the middle of an execve: the kernel tells the address of the program's code only when all else is in place */
	char comm[16];
};

/* Fills process from /proc/PID/stat. False if there is no such process, or no /proc. */
bool process_read(pid_t pid, struct process *process);

/* Where the words that a program was started with are in its memory: its arguments, and right behind them its environment. All 0: that is not
 * told. */
struct process_words_at {
	uint64_t arguments, environment, end;
};

/* Reads it anew; and where its words are, unless NULL. */
bool process_read_all(pid_t pid, struct process *process, struct process_words_at *words);

/* From now on, until it is called with false, a process that was read counts as read anew: for who walks up the same ancestors twice. */
void process_keep(bool keep);

/* While they are kept: this one counts as read, too. */
void process_known(const struct process *process);

/* This process's number in /proc, which may be mounted for another PID namespace; 0 if it does not show this process. */
pid_t process_self_number(void);

/* Whether a number that getpid() knows means the same process in /proc. */
bool process_numbers_agree(void);

/* Fills pid and parent of this process, as /proc has them: a walk up the ancestors starts here. False if it does not show this process. */
bool process_self(struct process *self);

/* A descriptor that can be read when the process ends; -1 if there is no such process, or the kernel has none. */
int process_open(pid_t pid);

/* Calls visit for each process that /proc shows, until it returns true. True if one did. */
bool process_each(bool (*visit)(int proc, const char *pid, void *state), void *state);

/* Calls visit for each entry of a directory of /proc whose name is a number, until it returns true. True if one did. */
bool process_each_number(const char *path, bool (*visit)(int directory, const char *name, void *state), void *state);

/* The path of the program that pid runs, without " (deleted)", to be used at once (arena.h); NULL if it can't be read. */
const char *process_path(pid_t pid);

/* The basename of the program pid runs, without " (deleted)"; "launcher" for every shim; empty if it can't be read. */
void process_program(pid_t pid, char *name, size_t size);

/* Reads a file of /proc/PID whose words end with a NUL: cmdline, environ. Returns the end of the last word; NULL if it can't be read.
 * To be used at once (arena.h). */
char *process_words(pid_t pid, const char *name, char **words);

#endif
