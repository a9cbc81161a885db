#include "sandbox/programs.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "adapt/wrapper.h"
#include "ground/arena.h"
#include "ground/file.h"
#include "ground/hash.h"
#include "ground/text.h"
#include "proc/process.h"
#include "proc/shimfile.h"
#include "rules/pattern.h"
#include "rules/policy.h"
#include "sandbox/offload.h"
#include "sandbox/programwords.h"
#include "sandbox/verdicts.h"
#include "tool/adapters.h"
#include "tool/arguments.h"
#include "tool/families.h"
#include "tool/toolfile.h"

enum { FAMILIES_MAX = 32, PATTERNS_MAX = 256 };

static char families[FAMILIES_MAX][16];
static size_t family_count;
static bool has_rules;
static double patience; /* install writes the same one for all tools */
static const char *patterns[PATTERNS_MAX]; /* of programs that are tools by a rule */
static size_t pattern_count;

static uint64_t hash_of(const char *name)
{
	return hash(HASH_OF_NOTHING, name, strlen(name));
}

static bool has_family(const char *family)
{
	for (size_t i = 0; i < family_count; i++)
		if (strcmp(families[i], family) == 0)
			return true;
	return false;
}

/* What starts tools that take the slots: ccache, and what has an adapter. */
static bool is_no_tool(const char *name)
{
	return adapter_find(name) != NULL || offload_is_cache(name);
}

/* The family of a tool of that name, if shims are there for it; NULL: it is no tool's. */
static const char *family_named(const char *name)
{
	const char *offload = offload_family(name);
	const struct family_row *row = offload != NULL || is_no_tool(name) ? NULL : family_of(name);

	return row != NULL && has_family(row->family) ? row->family : offload;
}

static bool learn_family(int directory, const char *name, void *state)
{
	const char *shim_dir = state;
	struct tool_settings settings;

	(void)directory;
	if (name[0] == '.' || is_no_tool(name))
		return false;
	tool_settings_read(&settings, shim_dir, name);
	has_rules = has_rules || settings.has_rules;
	patience = settings.patience;
	if (settings.family[0] != '\0' && !has_family(settings.family) && family_count < FAMILIES_MAX)
		strcpy(families[family_count++], settings.family);
	return false;
}

/* Once the families are known: a file of a tool's own name needs no entry. */
static bool learn_file(int directory, const char *name, void *state)
{
	const char *shim_dir = state;
	struct tool_settings settings;
	struct file_key key;

	(void)directory;
	if (name[0] == '.' || is_no_tool(name))
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

void programs_learn(const char *shim_dir)
{
	struct tool_settings without_shim;

	tool_settings_read(&without_shim, "", "");
	patience = without_shim.patience;
	policy_each_program(shim_dir, learn_pattern);
	each_shim(shim_dir, learn_family);
	each_shim(shim_dir, learn_file);
}

double programs_patience(void)
{
	return patience;
}

/* By the name of its file alone. */
static const struct file *judge(const char *path, const struct file_key *key)
{
	static struct file seen;
	const char *family;
	struct file *file = verdict_place(key);
	const bool is_behind = verdict_is_of(file, key) && file->verdict == BEHIND_SHIM;

	family = is_of_shim_dir(path) ? NULL : family_named(base_name(path));
	if (family != NULL)
		return verdict_note(key, TOOL, family);
	if (is_behind && !is_no_tool(base_name(path))) {
		file->is_judged = key->has_one_name;
		file->key.mount = key->mount;
		seen = *file;
		return &seen;
	}
	if (is_behind) { /* a program of many names, one of which is a tool's: this is another */
		seen = (struct file){ .verdict = NO_TOOL };
		return &seen;
	}
	file = verdict_note(key, is_of_shim_dir(path) ? LAUNCHER : NO_TOOL, "");
	file->name = hash_of(base_name(path));
	return file;
}

/* A file, which has this path here: a link of any name leads to it. */
static const struct file *find_file(const char *path, const struct file_key *key)
{
	const struct file *file = verdict_place(key);

	if (!verdict_is_of(file, key) || (file->verdict == BEHIND_SHIM && !file->is_judged) ||
	    (file->verdict == NO_TOOL && file->name != hash_of(base_name(path))))
		return judge(path, key);
	return file;
}

/* By its path, not by its file: cargo gives one file a name in two directories. */
static bool is_by_rule(struct program *program)
{
	const char *path = program->path;

	for (size_t i = 0; path != NULL && i < pattern_count; i++)
		if (pattern_matches(patterns[i], path) && !is_of_shim_dir(path) && !is_no_tool(base_name(path)))
			return true;
	return false;
}

/* The program's path, if rules are for programs. */
static const char *path_for_rules(const char *path)
{
	static char kept[PATH_MAX];

	return pattern_count == 0 || path == NULL || text_put(kept, sizeof kept, "%s", path) >= (int)sizeof kept ? NULL : kept;
}

static bool is_as_file(struct program *program, const struct file *file)
{
	program->is_launcher = file->verdict == LAUNCHER;
	if (file->verdict == NO_TOOL || program->is_launcher)
		return false;
	text_put(program->family, sizeof program->family, "%s", file->family);
	program->is_behind_shim = file->verdict == BEHIND_SHIM;
	program->has_rules = has_rules;
	return true;
}

static bool has_tools_name(struct program *program, const char *name)
{
	const char *family = family_named(name);

	if (family == NULL)
		return false;
	text_put(program->family, sizeof program->family, "%s", family);
	program->has_rules = has_rules;
	return true;
}

/* Its file can't be looked at: it is another user's process, or a file that may be executed and not be read. */
static bool match_guess(const struct program_guess *guess, struct program *program)
{
	struct file_key key;

	if (guess->path != NULL && is_no_tool(base_name(guess->path)))
		return false;
	if (guess->path != NULL && file_key_read(guess->path, &key) && is_as_file(program, find_file(guess->path, &key)))
		return true;
	for (size_t i = 0; i < GUESSED_NAMES; i++)
		if (has_tools_name(program, guess->names[i]))
			return true;
	return false;
}

static bool match_words(pid_t pid, struct program *program)
{
	const struct program_guess *guess = program_guess(pid);

	program->is_unknown = true;
	if (guess == NULL)
		return false;
	text_put(program->name, sizeof program->name, "%s", guess->names[0]);
	program->path = path_for_rules(guess->path);
	program->is_unknown = !match_guess(guess, program);
	return !program->is_unknown;
}

static bool match_loaded(pid_t pid, struct program *program)
{
	const char *path = program_loaded(pid, program->loader);
	struct file_key key;

	if (path == NULL)
		return false;
	if (strchr(path, '/') == NULL)
		return has_tools_name(program, path);
	if (!file_key_read(path, &key))
		return false;
	program->path = path_for_rules(path);
	return is_as_file(program, find_file(path, &key));
}

static bool match_file(pid_t pid, struct program *program)
{
	const struct file *known;
	const char *path;
	struct file_key key;
	char exe[32];

	text_put(exe, sizeof exe, "/proc/%d/exe", (int)pid);
	if (!file_key_read(exe, &key))
		return match_words(pid, program);
	known = pattern_count == 0 ? verdict_by_one_name(&key) : NULL;
	if (known != NULL)
		return is_as_file(program, known);
	path = process_path(pid);
	if (path == NULL)
		return match_words(pid, program);
	program->loader = loader_of(path);
	if (program->loader != LOADER_NONE)
		return match_loaded(pid, program);
	program->path = path_for_rules(path);
	return is_as_file(program, find_file(path, &key));
}

bool programs_match(pid_t pid, struct program *program)
{
	*program = (struct program){ .kind = RUN_OTHER };
	if (match_file(pid, program))
		return true;
	program->is_by_rule = is_by_rule(program);
	program->is_unknown = program->is_unknown && !program->is_by_rule;
	return program->is_by_rule;
}

static bool find_tool(pid_t pid, struct program *program)
{
	char **words = program_words(pid, program->loader);
	const char *called;

	program->name[0] = '\0';
	if (words == NULL)
		return program->loader == LOADER_NONE;
	called = base_name(words[0]);
	if (program->is_behind_shim && is_no_tool(called))
		return false;
	if (offload_family(program->family) != NULL) {
		words = offload_compiler(words, program->family, sizeof program->family);
		called = base_name(words[0]);
	}
	program->kind = arguments_kind(program->family, words);
	text_put(program->name, sizeof program->name, "%s", called);
	return true;
}

bool programs_find(pid_t pid, struct program *program)
{
	if (program->is_unknown)
		return false;
	if (!program->is_by_rule && find_tool(pid, program))
		return true;
	if (!is_by_rule(program))
		return false;
	program->kind = RUN_OTHER;
	program->family[0] = '\0';
	program->has_rules = true;
	text_put(program->name, sizeof program->name, "%s", base_name(program->path));
	return true;
}
