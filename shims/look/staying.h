/* How long a process of ours lives that serves a `jobshim run`: until stdin has ended, and then the process whose pid came on it, a line,
 * since that one may outlive whoever has started us. */
#ifndef STAYING_H
#define STAYING_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { STAYING_LINE = 24 };

struct staying {
	bool is_read; /* stdin has ended */
	char line[STAYING_LINE];
	size_t length;
	pid_t pid;    /* 0: none was named yet */
	int process;  /* polls readable at its end; -1: none was named, it has ended, or its end can't be watched */
};

struct staying staying_make(void);

/* To be polled for reading; -1: nothing more comes. */
int staying_input(const struct staying *staying);
int staying_process(const struct staying *staying);

/* Stdin is readable. True if the process was named just now. */
bool staying_read(struct staying *staying);

/* The process is readable: it has ended. */
void staying_end(struct staying *staying);

bool staying_is_over(const struct staying *staying);

#endif
