#include "tool/command.h"

#include <fcntl.h>
#include <string.h>
#include <sys/types.h>

#include "tool/arguments.h"
#include "tool/families.h"
#include "tool/toolfile.h"
#include "ground/file.h"
#include "ground/text.h"
#include "proc/process.h"

enum { COMMAND_BYTES = 16384, WORDS_MAX = 1024 };

/* Whether the path ends in the name that the kernel keeps, which cuts it. */
static bool is_called(const char *path, const char *comm)
{
	return strncmp(base_name(path), comm, sizeof((struct process *)NULL)->comm - 1) == 0;
}

void command_read(struct command *command, const struct process *process, const char *name, const char *shim_dir)
{
	static char text[COMMAND_BYTES + 1];
	static char *words[WORDS_MAX + 1];
	char **own = words, path[32];
	struct tool_settings settings;
	const struct family_row *family;
	size_t count = 0;
	ssize_t length;

	*command = (struct command){ .word = process->comm, .tool = process->comm, .file = "", .kind = RUN_OTHER };
	text_put(path, sizeof path, "/proc/%d/cmdline", (int)process->pid);
	length = read_whole_file_at(AT_FDCWD, path, text, COMMAND_BYTES);
	if (length <= 0)
		return;
	text[length] = '\0';
	for (char *at = text; at < text + length && count < WORDS_MAX; at += strlen(at) + 1)
		words[count++] = at;
	words[count] = NULL;
	/* Before a script come its interpreter and the interpreter's options. */
	while (count > 1 && !is_called(own[0], process->comm) && own[1] != NULL)
		own++;
	if (own[0] == NULL || !is_called(own[0], process->comm))
		own = words;
	if (own[0] != NULL)
		command->word = own[0];
	command->tool = base_name(command->word);
	command->is_script = own != words;
	tool_settings_read(&settings, shim_dir, command->tool);
	/* A tool without a shim has no file. */
	family = family_of(command->tool);
	if (family == NULL && name != NULL)
		family = family_of(name);
	if (settings.family[0] == '\0' && family != NULL)
		text_put(settings.family, sizeof settings.family, "%s", family->family);
	command->known = true;
	command->kind = arguments_kind(settings.family, own);
	command->file = arguments_file(command->kind, own);
}
