#include "pool/outer.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "contract.h"
#include "pool/address.h"
#include "pool/auth.h"
#include "pool/clientcall.h"
#include "pool/clientname.h"
#include "pool/jobserver.h"
#include "pool/opening.h"
#include "ground/arena.h"
#include "ground/file.h"
#include "ground/number.h"
#include "ground/text.h"
#include "proc/descriptors.h"
#include "proc/process.h"

static bool parse(const char *value, struct outer *outer)
{
	struct auth auth;
	const char *end = value;

	if (value == NULL || *value < '0' || *value > '9')
		return false;
	outer->inode = number_scan(&end, 10);
	if (outer->inode == UINT64_MAX || end[0] != ':')
		return false;
	outer->path = end[1] == '/' ? end + 1 : NULL;
	if (outer->path != NULL)
		return true;
	if (!auth_parse(end + 1, strlen(end + 1), &auth) || auth.kind != AUTH_PIPE)
		return false;
	outer->read_fd = auth.read_fd;
	outer->write_fd = auth.write_fd;
	return true;
}

bool outer_read(struct outer *outer)
{
	return parse(getenv(ENV_OUTER), outer);
}

/* The variable's value in an environment as /proc has it; NULL if it has none. */
static const char *value_in(const char *environment, const char *end, const char *name)
{
	size_t name_length = strlen(name);

	for (const char *at = environment; at < end; at += strlen(at) + 1)
		if (strncmp(at, name, name_length) == 0 && at[name_length] == '=')
			return at + name_length + 1;
	return NULL;
}

/* Whether the descriptors that it names are still the same files as then. */
static bool is_inherited(const struct outer *outer)
{
	struct stat reading, writing;
	const char *ignored;

	return inherited_fd(outer->read_fd, &reading) && inherited_fd(outer->write_fd, &writing) && reading.st_ino == outer->inode &&
	       address_of_pair(0, outer->read_fd, outer->write_fd, &ignored) != ADDRESS_NONE;
}

bool outer_open(struct jobserver *jobserver, const struct outer *outer)
{
	struct auth auth = { .kind = AUTH_PIPE, .read_fd = outer->read_fd, .write_fd = outer->write_fd };
	struct stat status;
	const char *why;

	if (outer->path == NULL)
		return is_inherited(outer) && jobserver_open_auth(jobserver, &auth, &why);
	auth = (struct auth){ .kind = AUTH_FIFO, .path = outer->path, .path_length = strlen(outer->path) };
	/* Check before opening: it may be the pipe of another program by now. */
	if (outer->inode != 0 && (!stat_path(outer->path, &status) || status.st_ino != outer->inode))
		return false;
	return jobserver_open_auth(jobserver, &auth, &why);
}

/* R,W of a process are reached by its descriptors, while it has them. */
static bool open_descriptor(struct jobserver *jobserver, pid_t pid, const struct auth *auth)
{
	char path[48];
	struct stat reading, writing;
	struct outer outer = { .path = path };

	if (!process_stat_fd(pid, auth->read_fd, &reading) || !process_stat_fd(pid, auth->write_fd, &writing) ||
	    reading.st_ino != writing.st_ino || reading.st_dev != writing.st_dev)
		return false;
	text_put(path, sizeof path, "/proc/%d/fd/%d", (int)pid, auth->read_fd);
	outer.inode = reading.st_ino;
	return outer_open(jobserver, &outer);
}

static bool is_anothers(pid_t pid)
{
	char path[32];
	struct stat status;

	text_put(path, sizeof path, "/proc/%d/environ", (int)pid);
	return !stat_path(path, &status) || status.st_uid != geteuid();
}

/* By the environment that the process was started with. Another user's process is not believed: it could make us wait. */
static bool open_told(struct jobserver *jobserver, pid_t pid)
{
	char *environment, *end = is_anothers(pid) ? NULL : process_words(pid, "environ", &environment);
	const char *flags, *why;
	struct outer outer;
	struct auth auth;

	if (end == NULL)
		return false;
	if (parse(value_in(environment, end, ENV_OUTER), &outer) && outer.path != NULL && outer_open(jobserver, &outer))
		return true;
	flags = value_in(environment, end, "MAKEFLAGS");
	if (flags == NULL || !auth_find(flags, &auth))
		return false;
	return auth.kind == AUTH_FIFO ? jobserver_open_auth(jobserver, &auth, &why) : open_descriptor(jobserver, pid, &auth);
}

bool outer_open_above(struct jobserver *jobserver)
{
	struct process process;

	if (!process_self(&process))
		return false;
	jobserver->own = false;
	while (process.parent > 0 && process_read(process.parent, &process))
		if (open_told(jobserver, process.pid))
			return true;
	return false;
}

/* Whether the jobserver was opened through a descriptor of pid's. */
static bool opened_through(pid_t pid, const struct jobserver *jobserver)
{
	char start[32];
	int length = text_put(start, sizeof start, "/proc/%d/fd/", (int)pid);

	return strncmp(jobserver->path, start, (size_t)length) == 0;
}

/* Its environment names descriptors that it has, or it made the pool and named it to an adapter below. */
bool outer_hands_on(pid_t pid, const struct jobserver *jobserver)
{
	char *environment, *end;
	const char *flags;
	struct stat status;
	struct auth auth;

	if (opened_through(pid, jobserver))
		return true;
	end = process_words(pid, "environ", &environment);
	flags = end == NULL ? NULL : value_in(environment, end, "MAKEFLAGS");
	return flags != NULL && auth_find(flags, &auth) && auth.kind == AUTH_PIPE &&
	       process_stat_fd(pid, auth.read_fd, &status) && jobserver_is(jobserver, &status) && !client_was_told_jobs(pid);
}

/* The nearest client on our chain that has the jobserver open as descriptor fd; 0: none. It outlives what we start: it waits
 * for that. */
static pid_t holder_above(const struct jobserver *jobserver, int fd)
{
	struct process process;
	struct stat status;

	if (!process_self(&process))
		return 0;
	while (process.parent > 0 && process_read(process.parent, &process))
		if (client_by_name(process.pid) && process_stat_fd(process.pid, fd, &status) && jobserver_is(jobserver, &status))
			return process.pid;
	return 0;
}

/* "NAME=INODE:PATH" for descriptor fd of our own. If a client above us has it, it is that one's. Else what we start inherits
 * it, or runs below us: it is named as a thread's, since a process that is named is one that hands it on (client.c). */
static int print_own(char *text, size_t room, const struct jobserver *jobserver, int fd)
{
	int holder = (int)holder_above(jobserver, fd), self = (int)process_self_number();
	uintmax_t inode = jobserver->inode;

	if (holder > 0)
		return text_put(text, room, ENV_OUTER "=%ju:/proc/%d/fd/%d", inode, holder, fd);
	return text_put(text, room, ENV_OUTER "=%ju:/proc/%d/task/%d/fd/%d", inode, self, self, fd);
}

/* A `jobshim run` names its pool by a variable, which the build has cleared. */
static int print(char *text, size_t room, const struct jobserver *jobserver)
{
	static const char processes[] = "/proc/";
	const char *path = jobserver->path;
	char own[32];
	int length = text_put(own, sizeof own, "/proc/%d/fd/", (int)process_self_number());
	bool is_descriptor = strncmp(path, processes, strlen(processes)) == 0;

	if (jobserver->own)
		return text_put(text, room, ENV_JOBSERVER "=fifo:%s", path);
	if (strncmp(path, own, (size_t)length) == 0)
		return print_own(text, room, jobserver, (int)number_first(path + length));
	return text_put(text, room, ENV_OUTER "=%ju:%s", is_descriptor ? (uintmax_t)jobserver->inode : 0, path);
}

/* Whether it was opened through inherited descriptors, while the path in JOBSHIM_JOBSERVER leads nowhere. */
static bool is_handed_down(const struct jobserver *jobserver)
{
	return jobserver_is_inherited(jobserver) || (jobserver->own && opened_through(process_self_number(), jobserver));
}

static bool is_named(const struct jobserver *jobserver)
{
	const char *own = getenv(ENV_JOBSERVER);
	struct outer outer;

	if (is_handed_down(jobserver))
		return outer_read(&outer) && outer.path == NULL && outer.inode == jobserver->inode && is_inherited(&outer);
	return jobserver->own ? own != NULL && *own != '\0'
	                      : outer_read(&outer) && outer.path != NULL && strcmp(outer.path, jobserver->path) == 0;
}

/* By descriptors that what we start inherits: make closes those that MAKEFLAGS name for most of its recipes. */
static int print_descriptors(char *text, size_t room, const struct jobserver *jobserver)
{
	int read_fd, write_fd;

	if (!jobserver_hand_over(jobserver, &read_fd, &write_fd))
		return -1;
	return text_put(text, room, ENV_OUTER "=%ju:%d,%d", (uintmax_t)jobserver->inode, read_fd, write_fd);
}

char *outer_assignment(const struct jobserver *jobserver)
{
	size_t room;
	char *text;
	int written;

	/* A relative path is of no use to others. */
	if ((jobserver->path[0] != '/' && !jobserver_is_inherited(jobserver)) || is_named(jobserver))
		return NULL;
	text = arena_room(&room);
	written = is_handed_down(jobserver) ? print_descriptors(text, room, jobserver) : print(text, room, jobserver);
	return written > 0 && (size_t)written < room ? arena_keep((size_t)written + 1) : NULL;
}
