/* One start of a program that has an adapter. */
#ifndef ADAPTION_H
#define ADAPTION_H

#include <stdbool.h>

struct adapter;
struct jobserver;

struct adaption {
	const struct adapter *adapter;
	const struct jobserver *jobserver;
	const char *shim_dir;
	const char *path;    /* the real program */
	bool join;           /* a -jN of its own is dropped if it can join our jobserver without */
	char **argv;         /* its arguments: what came in, and what it is to get */
	char *assignment;    /* "NAME=value" that it is to find in its environment; NULL: none */
	const char *removal; /* a variable that it is not to find; NULL: none */
	bool pays;           /* it is one of our clients, or does one thing after the other: it needs a slot */
};

#endif
