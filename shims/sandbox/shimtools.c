#include "sandbox/shimtools.h"

#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapt/wrapper.h"
#include "contract.h"
#include "ground/file.h"
#include "ground/number.h"
#include "ground/text.h"
#include "rules/pattern.h"
#include "rules/policy.h"
#include "sandbox/offload.h"
#include "sandbox/verdicts.h"
#include "tool/adapters.h"
#include "tool/families.h"
#include "tool/toolfile.h"
#include "tool/wanted.h"

enum { FAMILIES_MAX = 32, PATTERNS_MAX = 256 };

static char families[FAMILIES_MAX][16];
static size_t family_count;
static bool has_rules;
static double patience; /* install writes the same one for all tools */
static const char *patterns[PATTERNS_MAX]; /* of programs that are tools by a rule */
static size_t pattern_count;

static bool has_family(const char *family)
{
	for (size_t i = 0; i < family_count; i++)
		if (strcmp(families[i], family) == 0)
			return true;
	return false;
}

static void add_family(const char *family)
{
	if (family[0] != '\0' && strlen(family) < sizeof families[0] && !has_family(family) && family_count < FAMILIES_MAX)
		strcpy(families[family_count++], family);
}

bool shimtools_is_starter(const char *name)
{
	return adapter_find(name) != NULL || offload_is_cache(name);
}

const char *shimtools_family(const char *name)
{
	const char *offload = offload_family(name);
	const struct family_row *row = offload != NULL || shimtools_is_starter(name) ? NULL : family_of(name);

	return row != NULL && has_family(row->family) ? row->family : offload;
}

/* Of tools that came since there is no shim. */
static void learn_wanted(const char *key, const char *value)
{
	if (strcmp(key, "family") == 0)
		add_family(value);
	else if (strcmp(key, "rules") == 0)
		has_rules = strcmp(value, "1") == 0;
	else if (strcmp(key, "patience") == 0 && getenv(ENV_PATIENCE) == NULL)
		patience = decimal_read(value, patience);
}

static bool learn_shim(int directory, const char *name, void *state)
{
	const char *shim_dir = state;
	struct tool_settings settings;

	(void)directory;
	if (name[0] == '.' || shimtools_is_starter(name))
		return false;
	tool_settings_read(&settings, shim_dir, name);
	has_rules = has_rules || settings.has_rules;
	patience = settings.patience;
	add_family(settings.family);
	return false;
}

/* Once the families are known: a file of a tool's own name needs no entry. */
static bool learn_file(int directory, const char *name, void *state)
{
	const char *shim_dir = state;
	struct tool_settings settings;
	struct file_key key;

	(void)directory;
	if (name[0] == '.' || shimtools_is_starter(name))
		return false;
	tool_settings_read(&settings, shim_dir, name);
	if (settings.real[0] == '/' && wrapper_of(settings.real) == NULL && file_key_read(settings.real, &key))
		verdict_note(&key, BEHIND_SHIM, settings.family);
	return false;
}

static void each_shim(const char *shim_dir, bool (*visit)(int directory, const char *name, void *state))
{
	char path[PATH_MAX];
	int directory;

	if (text_put(path, sizeof path, "%s/.jobshim/tools", shim_dir) >= (int)sizeof path)
		return;
	directory = open_high(path, O_RDONLY | O_DIRECTORY);
	if (directory < 0)
		return;
	directory_each(directory, visit, (void *)(uintptr_t)shim_dir);
	close(directory);
}

static void learn_pattern(const char *pattern)
{
	if (pattern_count < PATTERNS_MAX)
		patterns[pattern_count++] = pattern;
}

void shimtools_learn(const char *shim_dir)
{
	struct tool_settings without_shim;

	tool_settings_read(&without_shim, "", "");
	patience = without_shim.patience;
	policy_each_program(shim_dir, learn_pattern);
	wanted_each(shim_dir, learn_wanted);
	each_shim(shim_dir, learn_shim);
	each_shim(shim_dir, learn_file);
}

double shimtools_patience(void)
{
	return patience;
}

bool shimtools_have_rules(void)
{
	return has_rules;
}

bool shimtools_have_programs(void)
{
	return pattern_count > 0;
}

bool shimtools_has_program(const char *path)
{
	for (size_t i = 0; i < pattern_count; i++)
		if (pattern_matches(patterns[i], path))
			return true;
	return false;
}
