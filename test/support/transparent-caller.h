/* What the three files of transparent-caller share. */
#ifndef TRANSPARENT_CALLER_H
#define TRANSPARENT_CALLER_H

#include <sys/types.h>

/* The caller's ends of the tool's stdin and stdout, or -1. */
extern int to_tool, from_tool;

void fail(const char *what) __attribute__((noreturn));
int high(int fd);
void take_setups(char **words, int count);
const char *setup(const char *name);
pid_t start(char **argv);

const char *output_so_far(void);
void converse(pid_t child);

#endif
