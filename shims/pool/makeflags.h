/* MAKEFLAGS: the jobs and load that they name, and the text that a program gets instead of them. */
#ifndef MAKEFLAGS_H
#define MAKEFLAGS_H

#include <stdbool.h>

struct auth;

/* The number of the last -j that has one; -1 if there is none. */
int makeflags_jobs(const char *makeflags);

/* The number of the last -l; -1 if there is none, or it has no number: then make has no limit, even if an earlier -l has one. */
double makeflags_load(const char *makeflags);

/* Whether a word of make's command line has a -l, whatever it says. */
bool make_word_has_load(const char *word);

enum { MAKEOPTS_UNBOUNDED = 0, MAKEOPTS_NONE = -1, MAKEOPTS_REFUSED = -2 };

/* What make makes of Gentoo's MAKEOPTS, which it gets as words of its command line. *jobs is what the last -j says; MAKEOPTS_REFUSED:
 * make ends at one of them. *load as makeflags_load(). False if there is no room. */
bool makeopts_read(const char *makeopts, long *jobs, double *load);

/* The "MAKEFLAGS=..." with address in place of auth, which was found in makeflags, and without any other. NULL if there is
 * no room. */
char *makeflags_with(const char *makeflags, const struct auth *auth, const char *address);

/* The same without GNU make's -jN and address; NULL if it has no address, or there is no room. What else GNU make said
 * stays: a -n must not get lost. */
char *makeflags_without_jobserver(const char *makeflags);

#endif
