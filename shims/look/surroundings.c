#include "look/surroundings.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "contract.h"
#include "look/shimnames.h"
#include "pool/auth.h"
#include "ground/arena.h"
#include "ground/environment.h"
#include "ground/file.h"
#include "ground/number.h"
#include "ground/text.h"
#include "proc/process.h"

/* The value of an assignment to name; NULL: it assigns to another variable. */
static const char *value_of(const char *assignment, const char *name)
{
	const size_t length = strlen(name);

	return strncmp(assignment, name, length) == 0 && assignment[length] == '=' ? assignment + length + 1 : NULL;
}

/* -1 if it can't be read, or is not there yet, as during an execve. */
static ssize_t read_environment(pid_t pid, char *text, size_t size)
{
	struct process process;
	char file[32];
	ssize_t length;

	text_put(file, sizeof file, "/proc/%d/environ", (int)pid);
	length = read_whole_file_at(AT_FDCWD, file, text, size);
	if (length != 0)
		return length;
	if (!process_read(pid, &process) || process.becomes)
		return -1;
	return read_whole_file_at(AT_FDCWD, file, text, size);
}

bool surroundings_read(pid_t pid, struct surroundings *surroundings)
{
	char *text;
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
			surroundings->hops = number_first(value);
			surroundings->overdraft = strcmp(value + strspn(value, "-0123456789"), HOPS_OVERDRAFT) == 0;
		} else if ((value = value_of(at, ENV_DISABLE)) != NULL) {
			surroundings->disabled = strcmp(value, "1") == 0;
		} else if ((value = value_of(at, "PATH")) != NULL) {
			surroundings->on_path = shimnames_on_path(value);
		} else if ((value = value_of(at, "MAKEFLAGS")) != NULL && !auth_find(value, &surroundings->auth)) {
			surroundings->auth.kind = AUTH_NONE;
		}
	}
	return true;
}

enum names surroundings_name_pool(const struct process *process, const char *address)
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
