/* Which programs are tools in the sandbox: by their files, not by how they were called. */
#ifndef PROGRAMS_H
#define PROGRAMS_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "contract.h"
#include "sandbox/loader.h"

/* A tool that a process has just started as. */
struct program {
	char name[64]; /* as its caller has it, if that is a tool's name; else that of its file */
	char family[16]; /* whose argument table applies, empty: none */
	enum run_kind kind;
	bool is_by_rule; /* not by its file */
	bool is_unknown; /* its file can't be looked at, and nothing else tells that it is a tool: it may be one */
	enum loader loader; /* that runs it: its words come first on the command line */
	bool is_behind_shim; /* its file's name is no tool's */
	bool is_launcher; /* of a shim dir: no tool, but it may look for a slot itself */
	bool has_rules; /* the shim dir has some */
	const char *path; /* until the next one is found; NULL if no rule is for programs */
};

/* Whether the process runs a tool, as far as its file tells: the one behind a shim, one whose name belongs to a family that counts
 * (shimtools.h), or a program that a rule is for. A script is none, nor is a program that has an adapter, or ccache: the compiler that it starts is one.
 * Fills the path and the family. If its file can't be looked at, it is what its command line says that it is; if that names no tool, it
 * is not known whether it is one, and none matches. */
bool programs_match(pid_t pid, struct program *program);

/* Of a program that matched, or is not known: fills the rest by the process' command line. False if it is no tool, by the name that it is called by, or not known. */
bool programs_find(pid_t pid, struct program *program);

#endif
