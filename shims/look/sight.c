#include "look/sight.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "contract.h"
#include "adapt/wrapper.h"
#include "ledger/records.h"
#include "pool/auth.h"
#include "pool/clientname.h"
#include "pool/jobserver.h"
#include "tool/adapters.h"
#include "tool/command.h"
#include "tool/families.h"
#include "tool/note.h"
#include "ground/arena.h"
#include "ground/environment.h"
#include "ground/file.h"
#include "proc/descriptors.h"
#include "proc/process.h"
#include "proc/shimfile.h"

enum {
	NAMES_MAX = 1024,
	FAMILIES_MAX = 32,
	COMM_MAX = sizeof((struct process *)NULL)->comm - 1, /* the kernel cuts names */
};

static struct {
	const char *dir;
	const struct jobserver *pool;
	const struct ledger *ledger;
	long hops; /* launchers above us all */
	const char *names[NAMES_MAX]; /* of tools */
	size_t name_count;
	const char *families[FAMILIES_MAX]; /* of those */
	size_t family_count;
	struct timespec made; /* when the shims were installed */
} shims;

static bool has_family(const char *family)
{
	for (size_t i = 0; i < shims.family_count; i++)
		if (strcmp(shims.families[i], family) == 0)
			return true;
	return false;
}

static void add_name(const char *name)
{
	const struct family_name *family = family_of(name);

	if (shims.name_count == NAMES_MAX || (shims.names[shims.name_count] = arena_copy(name, strlen(name))) == NULL)
		return;
	shims.name_count++;
	if (family != NULL && shims.family_count < FAMILIES_MAX && !has_family(family->family))
		shims.families[shims.family_count++] = family->family;
}

static bool see_shim(int directory, const char *name, void *state)
{
	(void)directory;
	(void)state;
	if (name[0] != '.' && adapter_find(name) == NULL)
		add_name(name);
	return false;
}

/* The names of shims are those of tools, but for the clients, whose own work is to start tools. */
bool sight_begin(const char *shim_dir, const struct jobserver *pool, const struct ledger *ledger)
{
	const char *hops = getenv(ENV_HOPS);
	struct stat status;
	const int directory = shim_dir[0] == '\0' ? -1 : open_high(shim_dir, O_RDONLY | O_DIRECTORY);

	if (directory < 0)
		return false;
	shims.dir = shim_dir;
	shims.pool = pool;
	shims.ledger = ledger;
	shims.hops = hops == NULL ? 0 : strtol(hops, NULL, 10);
	directory_each(directory, see_shim, NULL);
	if (fstatat(directory, ".jobshim/manifest.json", &status, 0) == 0)
		shims.made = status.st_mtim;
	close(directory);
	return true;
}

/* The whole name of a process whose name the kernel has cut: as it was called, else that of its program. */
static void find_name(const struct process *process, char *name, size_t size)
{
	struct command command;
	const char *path;

	snprintf(name, size, "%s", process->comm);
	if (strlen(process->comm) < COMM_MAX)
		return;
	command_read(&command, process, NULL, shims.dir);
	if (strncmp(command.tool, process->comm, COMM_MAX) == 0)
		snprintf(name, size, "%s", command.tool);
	else if ((path = process_path(process->pid)) != NULL && strncmp(base_name(path), process->comm, COMM_MAX) == 0)
		snprintf(name, size, "%s", base_name(path));
}

static bool has_shim(const char *name)
{
	for (size_t i = 0; i < shims.name_count; i++)
		if (strcmp(shims.names[i], name) == 0)
			return true;
	return false;
}

/* Whether it is a launcher, or a copy of a shim's file that stands for its tool by itself: that one has any path. */
static bool launches(pid_t pid, const char *path)
{
	struct note note;
	char exe[32];
	bool noted;
	int fd;

	if (is_of_shim_dir(path))
		return true;
	snprintf(exe, sizeof exe, "/proc/%d/exe", (int)pid);
	fd = open_high(exe, O_RDONLY | O_NOCTTY);
	noted = fd >= 0 && note_read(fd, &note);
	if (fd >= 0)
		close(fd);
	return noted;
}

/* Whether the program has a tool's name, whatever it was called: a link of any name may lead to gcc. That is its name then. */
static bool is_program_of_tool(const char *path, char *name, size_t size)
{
	const char *base = base_name(path);

	if (adapter_find(base) != NULL || (!has_shim(base) && family_of(base) == NULL))
		return false;
	snprintf(name, size, "%s", base);
	return true;
}

/* Whether it is what a compiler starts. */
static bool is_compiler_part(const char *path)
{
	for (size_t i = 0; i < sizeof compiler_parts / sizeof compiler_parts[0]; i++)
		if (strcmp(base_name(path), compiler_parts[i].name) == 0 && strstr(path, compiler_parts[i].below) != NULL)
			return true;
	return false;
}

static bool is_newer(const char *path)
{
	struct stat status;

	return shims.made.tv_sec != 0 && stat(path, &status) == 0 &&
	       (status.st_ctim.tv_sec > shims.made.tv_sec || (status.st_ctim.tv_sec == shims.made.tv_sec &&
	                                                      status.st_ctim.tv_nsec > shims.made.tv_nsec));
}

/* Whether what has no shim would have one if the shims were installed now: it is of a family that has, or of one that is wanted
 * by default and came later. */
static bool lacks_shim(const char *name, const char *path)
{
	const struct family_name *family = adapter_find(name) != NULL ? NULL : family_of(name);

	return family != NULL && (has_family(family->family) || (family->by_default && is_newer(path)));
}

/* Whether PATH has the shim dir. */
static bool has_shims(const char *path)
{
	const size_t length = strlen(shims.dir);

	for (const char *at = path; *at != '\0'; at += strcspn(at, ":"), at += *at == ':')
		if (strncmp(at, shims.dir, length) == 0 && (at[length] == ':' || at[length] == '\0'))
			return true;
	return false;
}

/* What the environment that a process was started with says. */
struct surroundings {
	long hops;      /* launchers above it */
	bool overdraft; /* the last of them found no slot */
	bool disabled;
	bool on_path; /* PATH has the shims */
	struct auth auth; /* of MAKEFLAGS; its texts are gone */
};

/* The value of an assignment to name; NULL: it is to another one. */
static const char *value_of(const char *assignment, const char *name)
{
	const size_t length = strlen(name);

	return strncmp(assignment, name, length) == 0 && assignment[length] == '=' ? assignment + length + 1 : NULL;
}

/* -1 where it can't be read, or is not there yet: in the midst of an execve there is none. */
static ssize_t read_environment(pid_t pid, char *text, size_t size)
{
	struct process process;
	char file[32];
	ssize_t length;

	snprintf(file, sizeof file, "/proc/%d/environ", (int)pid);
	length = read_whole_file_at(AT_FDCWD, file, text, size);
	if (length != 0)
		return length;
	if (!process_read(pid, &process) || process.becomes)
		return -1;
	return read_whole_file_at(AT_FDCWD, file, text, size);
}

/* False where it can't be read: the process has ended, is somebody else's, or is about to become another program. */
static bool read_surroundings(pid_t pid, struct surroundings *surroundings)
{
	char *text, *rest;
	const char *value;
	size_t room;
	ssize_t length;

	*surroundings = (struct surroundings){ .auth = { .kind = AUTH_NONE } };
	text = arena_room(&room);
	length = read_environment(pid, text, room - 1);
	if (length < 0)
		return false;
	text[length] = '\0';
	for (const char *at = text; at < text + length; at += strlen(at) + 1) {
		if ((value = value_of(at, ENV_HOPS)) != NULL) {
			surroundings->hops = strtol(value, &rest, 10);
			surroundings->overdraft = strcmp(rest, HOPS_OVERDRAFT) == 0;
		} else if ((value = value_of(at, ENV_DISABLE)) != NULL) {
			surroundings->disabled = strcmp(value, "1") == 0;
		} else if ((value = value_of(at, "PATH")) != NULL) {
			surroundings->on_path = has_shims(value);
		} else if ((value = value_of(at, "MAKEFLAGS")) != NULL && !auth_find(value, &surroundings->auth)) {
			surroundings->auth.kind = AUTH_NONE;
		}
	}
	return true;
}

struct search {
	bool open, cloexec; /* it has the pool open; and what it starts gets it only by its will */
};

static bool look_at_fd(int directory, const char *name, void *state)
{
	struct search *search = state;
	struct stat status;

	if (fstatat(directory, name, &status, 0) < 0 || !jobserver_is(shims.pool, &status))
		return false;
	search->open = true;
	search->cloexec = process_fd_cloexec(directory, name);
	return search->cloexec;
}

/* A make hands a pipe on for a moment, while it starts a `+` recipe: auth, of what it has started, then tells that it is this pool. */
static bool hands_on(pid_t pid, const struct auth *auth)
{
	struct stat status;

	return auth->kind == AUTH_PIPE && process_stat_fd(pid, auth->read_fd, &status) && jobserver_is(shims.pool, &status);
}

static enum client_state client_state(const struct process *process, const struct auth *auth)
{
	const char *path = process_path(process->pid);
	const bool is_ours = path != NULL && launches(process->pid, path);
	const struct client_name *name;
	struct search search = { .open = false };

	if (path == NULL || (!is_ours && shims.pool == NULL))
		return CLIENT_NONE;
	if (is_ours && shims.pool == NULL)
		return CLIENT_LAUNCHER;
	name = is_ours ? NULL : client_program(process->pid);
	if (name != NULL && name->means == CLIENT_CARRIER)
		return CLIENT_NONE;
	process_each_fd(process->pid, look_at_fd, &search);
	if (is_ours)
		return search.open ? CLIENT_LAUNCHER : CLIENT_NONE;
	if (search.cloexec || (search.open && name != NULL && name->means == CLIENT_MAKE && hands_on(process->pid, auth)))
		return CLIENT_OTHER;
	return CLIENT_NONE;
}

static enum client_state ask_client(struct ancestor *at, const struct auth *auth)
{
	if (at->client == CLIENT_UNASKED)
		at->client = client_state(&at->process, auth);
	return at->client;
}

/* Whether a launcher has become the tool, or the parent of it: no process above has come so far down. */
static bool is_launched(const struct ancestor *tool, const struct surroundings *surroundings)
{
	struct surroundings above;

	return surroundings->hops > shims.hops &&
	       (tool->above == NULL || !read_surroundings(tool->above->process.pid, &above) || above.hops < surroundings->hops);
}

/* Whether the tool runs in a slot. Each job has one; what a launcher has started in its place is the tool, or stands for it. */
static bool has_slot(struct ancestor *tool, const struct surroundings *surroundings)
{
	struct ancestor *job = tool, *top = tool;

	for (struct ancestor *at = tool->above; at != NULL; job = at, at = at->above) {
		const enum client_state client = ask_client(at, &surroundings->auth);

		top = at;
		if (client == CLIENT_NONE)
			continue;
		/* `run --jobserver` takes a token for its command, which is that launcher's child. */
		if (client == CLIENT_LAUNCHER && (surroundings->overdraft || (at->above == NULL && job != tool)))
			return false;
		if (job->slot_is_used)
			return false;
		job->slot_is_used = true;
		return client == CLIENT_LAUNCHER || job == tool || shims.ledger == NULL ||
		       !records_have_job(shims.ledger, &job->process);
	}
	/* What a launcher has become in the slot of a client that was killed meanwhile has that slot to its end. */
	if (top->adopts)
		return is_launched(tool, surroundings) && !surroundings->overdraft && !surroundings->disabled;
	return tool->above == NULL;
}

/* Of a script its path stands in its command line, however it was called. */
static enum bypass_reason reason_of(const struct ancestor *tool, const struct command *command,
                            const struct surroundings *surroundings, const struct sighted *told)
{
	if (told->is_part)
		return BYPASS_PART;
	if (!has_shim(told->name))
		return BYPASS_NO_SHIM;
	if (surroundings->overdraft)
		return BYPASS_OVERDRAFT;
	if (is_launched(tool, surroundings))
		return surroundings->disabled ? BYPASS_DISABLED : BYPASS_NO_JOBSERVER;
	if (command->is_script ? surroundings->on_path : strchr(command->word, '/') != NULL)
		return BYPASS_BY_PATH;
	return surroundings->on_path ? BYPASS_NOT_FIRST : BYPASS_NOT_ON_PATH;
}

static bool stat_program(pid_t pid, struct stat *status)
{
	char path[32];

	snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
	return stat_path(path, status);
}

/* Whether all of them still run, where they ran when they were read, and the tool is the same program. A launcher waits for its tool:
 * while that runs, what was found of those above it is what they are. Else a tool that ends in the midst of a look would have
 * nobody above it, and a shell that becomes a shim would be one that has a tool's words. */
static bool still_stands(const struct ancestor *tool, const struct stat *program)
{
	struct process now;
	struct stat status;

	if (!stat_program(tool->process.pid, &status) || status.st_ino != program->st_ino || status.st_dev != program->st_dev)
		return false;
	for (const struct ancestor *at = tool; at != NULL; at = at->above)
		if (!process_read(at->process.pid, &now) || now.zombie || now.start != at->process.start ||
		    (at->above != NULL && now.parent != at->above->process.pid))
			return false;
	return true;
}

enum sight sight_of(struct ancestor *at, bool below_tool, struct sighted *told)
{
	const struct process *process = &at->process;
	struct surroundings surroundings;
	struct command command;
	struct stat program;
	const char *path;

	find_name(process, told->name, sizeof told->name);
	/* First: if it is another program by the end, what was read between belongs to two. */
	path = stat_program(process->pid, &program) ? process_path(process->pid) : NULL;
	if (path == NULL)
		return NO_TOOL;
	if (is_of_shim_dir(path))
		return LAUNCHER;
	if (wrapper_of(path) != NULL) /* ccache takes no slot unless it starts a compiler */
		return NO_TOOL;
	if (!has_shim(told->name) && family_of(told->name) == NULL && !is_program_of_tool(path, told->name, sizeof told->name))
		told->is_part = !below_tool && is_compiler_part(path);
	if (!told->is_part && !has_shim(told->name) && !lacks_shim(told->name, path))
		return NO_TOOL;
	if (launches(process->pid, path))
		return LAUNCHER;
	/* In the midst of an execve it has a name, and neither arguments nor an environment. These come in this order. */
	command_read(&command, process, told->name, shims.dir);
	if (!command.known || !read_surroundings(process->pid, &surroundings))
		return NO_TOOL;
	told->is_script = command.is_script;
	told->has_launcher = surroundings.hops > shims.hops;
	/* SCons asks /usr/bin/gcc for its version with a PATH of its own: what takes no slot goes past nothing. */
	told->asks = command.kind == RUN_PROBE;
	if (told->asks)
		return NO_TOOL;
	if (has_slot(at, &surroundings))
		return GOVERNED;
	told->reason = reason_of(at, &command, &surroundings, told);
	return still_stands(at, &program) ? PAST : NO_TOOL;
}

enum names sight_names_pool(const struct process *process, const char *address)
{
	char *text;
	const char *value;
	size_t room;
	ssize_t length;

	text = arena_room(&room);
	length = read_environment(process->pid, text, room - 1);
	if (length < 0)
		return errno == EACCES || errno == EPERM ? NAMES_NOT : NAMES_UNKNOWN;
	text[length] = '\0';
	for (const char *at = text; at < text + length; at += strlen(at) + 1)
		if ((value = value_of(at, ENV_JOBSERVER)) != NULL)
			return strcmp(value, address) == 0 ? NAMES_POOL : NAMES_NOT;
	return NAMES_NOT;
}

bool sight_is_part(const struct process *process)
{
	const struct client_name *name = client_program(process->pid);

	return name != NULL && name->is_tool;
}

void sight_tool(const struct process *process, char *tool, size_t size)
{
	struct command command;
	const char *path, *slash;

	command_read(&command, process, NULL, shims.dir);
	if (command.is_script || command.word[0] == '/') {
		snprintf(tool, size, "%s", command.word);
		return;
	}
	/* The program, by the name that was called if it has that there too. */
	path = process_path(process->pid);
	if (path == NULL)
		path = process->comm;
	slash = strrchr(path, '/');
	if (slash == NULL || snprintf(tool, size, "%.*s%s", (int)(slash + 1 - path), path, command.word) >= (int)size ||
	    access(tool, X_OK) < 0)
		snprintf(tool, size, "%s", path);
}

static bool is_shell(const char *name)
{
	static const char *const shells[] = { "sh", "dash", "bash", "ash", "busybox", "ksh", "zsh" };

	for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++)
		if (strcmp(name, shells[i]) == 0)
			return true;
	return false;
}

/* A shell is named by what has started it: that has the command. */
void sight_caller(const struct ancestor *parent, char *name, size_t size)
{
	const struct ancestor *at = parent;

	while (is_shell(at->process.comm) && at->above != NULL)
		at = at->above;
	/* Nothing but shells: the nearest. */
	find_name(is_shell(at->process.comm) ? &parent->process : &at->process, name, size);
}
