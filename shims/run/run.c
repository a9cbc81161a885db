#include "run/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "contract.h"
#include "adapt/engine.h"
#include "adapt/wrapper.h"
#include "child/child.h"
#include "ledger/mapping.h"
#include "rules/costs.h"
#include "rules/policy.h"
#include "tool/toolfile.h"
#include "ground/environment.h"
#include "ground/report.h"

_Noreturn void run_fail(const struct run *run, int error)
{
	report("%s: can't be started: %s", run->real.path, strerror(error));
	_exit(error == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
}

/* What we were started with, but with the PATH that the tool is to have: that one is never longer, and gcc and cmake may look for their own
 * files on it. */
static char **environment_given(void)
{
	char **given = environment_received(), *path = getenv("PATH");

	for (char **at = given; path != NULL && *at != NULL; at++)
		if (strncmp(*at, "PATH=", strlen("PATH=")) == 0) {
			*at = path - strlen("PATH=");
			break;
		}
	return given;
}

bool run_call(const struct run *run, unsigned try, struct call *call)
{
	/* What --token names is found as `run` without it would: its shim, where it has one. */
	*call = (struct call){ .path = run->by_token ? NULL : run->real.path, .argv = run->argv, .envp = environ };
	if (try == 0)
		return true;
	run->given.argv[0] = run->given.name;
	if (try == 1)
		return true;
	call->path = run->by_token ? NULL : run->given.path;
	call->argv = run->given.argv;
	call->envp = environment_given();
	return try == 2;
}

_Noreturn void run_exec(const struct run *run)
{
	struct call call;

	mapping_restore_signals();
	for (unsigned try = 0; run_call(run, try, &call); try++) {
		if (call.path == NULL)
			exec_found(call.argv, call.envp);
		else
			exec_program(call.path, call.argv, call.envp);
		if (errno != E2BIG)
			break;
	}
	run_fail(run, errno);
}

static struct policy_run told(const struct run *run, const struct subject *subject)
{
	return (struct policy_run){ .tool = run->name, .family = run->settings.family, .kind = run->kind, .subject = subject };
}

void run_read_policy(struct run *run, const struct subject *subject)
{
	const struct policy_run of = told(run, subject);

	policy_none(&run->policy);
	if (run->builds)
		return;
	policy_read(&run->policy, &of, run->self.shim_dir, run->settings.has_rules);
	if (run->policy.learns)
		run->policy.memory = costs_learned(run->self.shim_dir, of.tool, run->kind);
}

struct priority run_priority(const struct run *run, const struct subject *subject)
{
	const struct policy_run of = told(run, subject);
	struct policy policy = run->policy;

	if (run->builds)
		policy_read(&policy, &of, run->self.shim_dir, run->settings.has_rules);
	return policy_priority(&policy, &of, run->self.shim_dir, run->settings.has_rules);
}

bool run_starts_server(const struct run *run)
{
	return run->wrapper != NULL && run->wrapper->server;
}

void run_choose_prefixes(struct run *run)
{
	struct tool_settings own;

	if (run->wrapper->prefix[0] == '\0')
		return;
	tool_settings_read(&own, run->self.shim_dir, run->wrapper->name);
	run->prefix = wrapper_prefix(run->wrapper->prefix, own.prefix, &run->self);
	run->cpp_prefix = wrapper_prefix(run->wrapper->cpp_prefix, own.cpp_prefix, &run->self);
	run->passes = run->prefix != NULL && run->cpp_prefix != NULL;
}

/* Puts the engine before a compiler. One that was given to us as an argument has what stands before it already. */
void run_add_engine(struct run *run)
{
	const char *named = getenv(ENV_ENGINE), *engine;
	char **command;

	if (named == NULL)
		named = getenv(ENV_LAUNCHER); /* its older name */
	engine = named == NULL ? run->policy.engine : named;
	if (*engine == '\0' || run->prefixed || run->wrapper != NULL ||
	    !engine_takes(run->settings.family) || (command = engine_command(&run->real, engine, run->argv)) == NULL)
		return;
	run->argv = command;
	run->real.path = command[0];
	run->wrapper = wrapper_of(run->real.path);
	if (run->wrapper != NULL)
		run_choose_prefixes(run);
}
