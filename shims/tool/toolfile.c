#include "tool/toolfile.h"

#include <stdlib.h>
#include <string.h>

#include "contract.h"
#include "ground/arena.h"
#include "ground/file.h"
#include "ground/number.h"
#include "ground/text.h"

static void apply_without(struct tool_settings *settings, const char *value)
{
	settings->error_without = strcmp(value, "error") == 0;
	settings->machine_without = strcmp(value, "machine") == 0;
}

static void apply(struct tool_settings *settings, const char *key, const char *value)
{
	if (strcmp(key, "family") == 0 && strlen(value) < sizeof settings->family)
		strcpy(settings->family, value);
	else if (strcmp(key, "no-jobserver") == 0)
		apply_without(settings, value);
	else if (strcmp(key, "jobs") == 0)
		settings->jobs = number_first(value);
	else if (strcmp(key, "patience") == 0)
		settings->patience = decimal_read(value, settings->patience);
	else if (strcmp(key, "rules") == 0)
		settings->has_rules = strcmp(value, "1") == 0;
	else if (strcmp(key, "join") == 0)
		settings->join = strcmp(value, "1") == 0;
	else if (strcmp(key, "real") == 0 && strlen(value) < sizeof settings->real)
		strcpy(settings->real, value);
	else if (strcmp(key, "prefix") == 0 && strlen(value) < sizeof settings->prefix)
		strcpy(settings->prefix, value);
	else if (strcmp(key, "cpp-prefix") == 0 && strlen(value) < sizeof settings->cpp_prefix)
		strcpy(settings->cpp_prefix, value);
}

void tool_settings_parse(struct tool_settings *settings, char *text)
{
	memset(settings, 0, sizeof *settings);
	settings->patience = LEDGER_DEFAULT_PATIENCE;
	for (char *line; (line = strsep(&text, "\n")) != NULL;) {
		char *equals = strchr(line, '=');

		if (equals == NULL)
			continue;
		*equals = '\0';
		apply(settings, line, equals + 1);
	}
}

void tool_settings_read(struct tool_settings *settings, const char *shim_dir, const char *tool)
{
	char text[LEDGER_TOOL_FILE_MAX] = "";
	const char *value;
	size_t room;
	char *path = arena_room(&room);

	if (shim_dir[0] != '\0' && text_put(path, room, "%s/.jobshim/tools/%s", shim_dir, tool) < (int)room)
		read_small_file(path, text, sizeof text);
	tool_settings_parse(settings, text);
	value = getenv(ENV_NO_JOBSERVER);
	if (value != NULL)
		apply(settings, "no-jobserver", value);
	value = getenv(ENV_PATIENCE);
	if (value != NULL)
		apply(settings, "patience", value);
	value = getenv(ENV_JOIN);
	if (value != NULL)
		apply(settings, "join", value);
}
