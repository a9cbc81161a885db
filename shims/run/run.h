/* One tool run, from what is known of it to its end. */
#ifndef RUN_H
#define RUN_H

#include <stdbool.h>

#include "contract.h"
#include "rules/policy.h"
#include "tool/resolve.h"
#include "tool/toolfile.h"

struct adapter;
struct subject;
struct wrapper;

/* All that is known of this run before a slot is sought. */
struct run {
	char *tool;       /* as it was called */
	const char *name; /* whose settings and rules apply */
	char **argv;      /* the tool's; argv[0] is set by choose_argv0 */
	char **compiler;  /* whose settings and arguments count: argv, or the part of it that a wrapper was given */
	const struct adapter *adapter;
	const struct wrapper *wrapper;
	bool passes; /* it takes no slot, what it starts does, through these: */
	char *prefix, *cpp_prefix;
	bool builds; /* it starts tools: what has an adapter, or what `launcher --token` starts */
	bool prefixed; /* we were told the tool, and who did has chosen what stands before it */
	bool by_token; /* it takes a token, whatever slot may be there */
	struct tool_settings settings;
	enum run_kind kind;
	struct policy policy;
	struct self self;
	struct resolution real;
	struct {
		char *path, **argv, *name; /* the real tool, the words as we got them, and their first one, which choose_argv0 replaces */
	} given;
};

/* A program to be started. */
struct call {
	const char *path; /* NULL: as argv[0] names it (exec_found) */
	char **argv, **envp;
};

/* How the tool is called. The kernel limits words and variables together, and we may have made them longer: if it finds them too long
 * (E2BIG), the next `try`, from 0 on, has them shorter, at last as we got them. False if there is none. */
bool run_call(const struct run *run, unsigned try, struct call *call);

/* Execs the tool in our place. */
_Noreturn void run_exec(const struct run *run);

/* Ends as a shell does if the tool can't be started; error: errno. */
_Noreturn void run_fail(const struct run *run, int error);

/* Reads the rules that apply to the run. Those of what a client starts it pays for itself. */
void run_read_policy(struct run *run, const struct subject *subject);

/* Its priority, once its rules are read. For what a client starts those for all hold. */
struct priority run_priority(const struct run *run, const struct subject *subject);

/* Whether it leaves a server behind. */
bool run_starts_server(const struct run *run);

/* A wrapper is told to start its tools through the launcher, if it can be: then they take the slots, and a hit takes none. */
void run_choose_prefixes(struct run *run);

/* Puts the engine before a compiler. One that was given as an argument has what stands before it already. */
void run_add_engine(struct run *run);

#endif
