#include "pool/client.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "contract.h"
#include "pool/auth.h"
#include "pool/badge.h"
#include "pool/clientcall.h"
#include "pool/clientname.h"
#include "pool/jobserver.h"
#include "pool/outer.h"
#include "tool/adapters.h"
#include "ground/file.h"
#include "proc/descriptors.h"
#include "proc/process.h"
#include "proc/shimfile.h"
#include "proc/subject.h"

struct search {
	const struct jobserver *jobserver;
	bool carries; /* has it open without O_CLOEXEC */
	bool hidden;  /* a descriptor can't be examined */
	bool failed;  /* a descriptor could not be examined */
};

static bool is_denied(int error)
{
	return error == EACCES || error == EPERM;
}

static bool has_cloexec(int directory, const char *name, void *state)
{
	struct search *search = state;
	struct stat status;

	if (fstatat(directory, name, &status, 0) < 0) {
		search->hidden = search->hidden || is_denied(errno);
		search->failed = search->failed || (errno != ENOENT && !is_denied(errno)); /* ENOENT: it was closed meanwhile */
		errno = 0;
		return false;
	}
	if (!jobserver_is(search->jobserver, &status))
		return false;
	errno = 0;
	if (process_fd_cloexec(directory, name))
		return true;
	search->failed = search->failed || errno != 0;
	search->carries = true;
	errno = 0;
	return false;
}

/* Whether a process was started with the same descriptors in MAKEFLAGS as ours. */
static bool was_told_of(pid_t pid, const struct auth *ours)
{
	static const char name[] = "MAKEFLAGS=";
	char *words, *end = process_words(pid, "environ", &words);
	struct auth auth;

	for (char *word = words; end != NULL && word < end; word += strlen(word) + 1)
		if (strncmp(word, name, strlen(name)) == 0)
			return auth_find(word + strlen(name), &auth) && auth.kind == AUTH_PIPE && auth.read_fd == ours->read_fd;
	return false;
}

/* Whether a make that has the jobserver open and inheritable gave it to the process told, whose MAKEFLAGS name its R,W. A make that got R,W and has a -jN
 * of its own merely carries them: it has opened another pool, or will once it has read its makefiles. */
static bool hands_on(pid_t pid, const struct jobserver *jobserver, const struct subject *told)
{
	struct auth auth;
	const char *makeflags = subject_variable(told, "MAKEFLAGS");
	struct stat status;

	if (makeflags == NULL || !auth_find(makeflags, &auth) || auth.kind != AUTH_PIPE ||
	    !process_stat_fd(pid, auth.read_fd, &status) || !jobserver_is(jobserver, &status))
		return outer_hands_on(pid, jobserver);
	return auth.legacy || !client_was_told_jobs(pid) || !was_told_of(pid, &auth);
}

static bool leads_to(const struct subject *told, const char *variable, const struct jobserver *jobserver)
{
	const char *flags = subject_variable(told, variable), *path;
	struct auth auth;
	struct stat status;

	if (flags == NULL || !auth_find(flags, &auth))
		return false;
	if (auth.kind == AUTH_PIPE && told->is_self)
		return jobserver_inherited(jobserver, &auth);
	if (auth.kind == AUTH_PIPE)
		return process_stat_fd(told->process.pid, auth.read_fd, &status) && jobserver_is(jobserver, &status);
	path = auth_path(&auth);
	return path != NULL && stat_path(path, &status) && jobserver_is(jobserver, &status);
}

/* Whether the flags that make or cargo gave the process told lead to this jobserver. It may come from elsewhere: a make with a -jN of its own names
 * another pool than the one above it. */
static bool flags_lead_to(const struct jobserver *jobserver, const struct subject *told)
{
	return leads_to(told, "MAKEFLAGS", jobserver) || leads_to(told, "CARGO_MAKEFLAGS", jobserver);
}

/* For a process that hides its descriptors: it is of another user or user namespace, has rights that we don't have, or is not dumpable. */
static enum client_answer of_hidden(const struct process *process, const struct client_name *name,
                                   const struct jobserver *jobserver, const struct subject *told, bool below_launcher)
{
	if (badge_is_of(jobserver, told, process->pid))
		return CLIENT_YES;
	/* A launcher may have any tool's name. */
	if (name == NULL || name->means == CLIENT_CARRIER)
		return below_launcher ? CLIENT_HIDDEN : CLIENT_NO;
	/* A ninja older than 1.13 hands on flags that it did not heed. */
	return name->means != CLIENT_FIFO && flags_lead_to(jobserver, told) ? CLIENT_YES : CLIENT_HIDDEN;
}

/* Whether a launcher runs a program that starts tools: one with an adapter, or that of `launcher --token`. */
static bool starts_tools(pid_t pid)
{
	static const char *const passed_over[] = { "launcher", "--" };
	const char *path = process_path(pid);
	const bool relayed = path != NULL && is_relayed(path);
	char *words, *end, *word;
	struct shim shim;

	if (path != NULL && !relayed && shim_at(path, &shim) && shim.name[0] != '\0')
		return adapter_find(shim.name) != NULL;
	end = process_words(pid, "cmdline", &words);
	word = words;
	for (int i = 0; relayed && end != NULL && word < end && i < LOOK_WORDS; i++) {
		if (i == LOOK_NAME && strcmp(word, "launcher") != 0)
			return adapter_find(word) != NULL;
		word += strlen(word) + 1;
	}
	for (size_t i = 0; end != NULL && word < end && i < sizeof passed_over / sizeof passed_over[0]; i++) {
		if (strcmp(word, OPTION_TOKEN) == 0)
			return true;
		if (strcmp(base_name(word), passed_over[i]) == 0)
			word += strlen(word) + 1;
	}
	return end != NULL && word < end && adapter_find(base_name(word)) != NULL;
}

enum client_answer client_of(const struct process *process, const struct jobserver *jobserver, const struct subject *told,
                             bool below_launcher)
{
	const struct client_name *name = client_named(process->comm);
	struct search search = { .jobserver = jobserver };
	char program[PROGRAM_MAX];
	bool is_client;

	/* Most ancestors are shells: their descriptors need no search. A process called gcc may be gcc's launcher. */
	if (name != NULL && name->means == CLIENT_CARRIER && !name->is_tool)
		return CLIENT_NO;
	errno = 0;
	is_client = process_find_fd(process->pid, has_cloexec, &search);
	if (!is_client && (search.failed || (errno != 0 && !is_denied(errno))))
		return CLIENT_UNKNOWN;
	if (!is_client && !search.carries)
		return search.hidden || is_denied(errno) ? of_hidden(process, name, jobserver, told, below_launcher) : CLIENT_NO;
	process_program(process->pid, program, sizeof program);
	name = client_named(program);
	if (is_client)
		is_client = name == NULL ? !process_marks_all(process->pid) : name->means != CLIENT_CARRIER;
	else
		is_client = name != NULL && name->means == CLIENT_MAKE && hands_on(process->pid, jobserver, told);
	if (!is_client)
		return CLIENT_NO;
	if (strcmp(program, "launcher") != 0)
		return CLIENT_YES;
	return starts_tools(process->pid) ? CLIENT_PAYER : CLIENT_OURS;
}
