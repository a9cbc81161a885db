#include "sandbox/offload.h"

#include <string.h>

#include "contract.h"
#include "ground/file.h"
#include "ground/text.h"
#include "proc/process.h"
#include "tool/families.h"

enum { WRAPPERS = sizeof wrappers / sizeof wrappers[0] };

static const struct wrapper *find(const char *name)
{
	for (size_t i = 0; i < WRAPPERS; i++)
		if (strcmp(wrappers[i].name, name) == 0)
			return &wrappers[i];
	return NULL;
}

const char *offload_family(const char *name)
{
	const struct wrapper *wrapper = find(name);

	return wrapper != NULL && wrapper->prefix[0] == '\0' ? wrapper->name : NULL;
}

bool offload_is_cache(const char *name)
{
	const struct wrapper *wrapper = find(name);

	return wrapper != NULL && wrapper->prefix[0] != '\0';
}

char **offload_compiler(char **words, char *family, size_t size)
{
	char **compiler = strcmp(base_name(words[0]), family) == 0 ? words + 1 : words;
	const struct family_row *row = *compiler == NULL || **compiler == '-' ? NULL : family_of(base_name(*compiler));

	if (row == NULL)
		return words;
	text_put(family, size, "%s", row->family);
	return compiler;
}

/* A script has such a name, too, but not its program. */
bool offload_is_daemon(const struct process *process)
{
	char program[sizeof process->comm];

	for (size_t i = 0; i < WRAPPERS; i++) {
		if (wrappers[i].daemon[0] == '\0' || strcmp(wrappers[i].daemon, process->comm) != 0)
			continue;
		process_program(process->pid, program, sizeof program);
		return strcmp(program, process->comm) == 0;
	}
	return false;
}
