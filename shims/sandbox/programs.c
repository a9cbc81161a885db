#include "sandbox/programs.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ground/file.h"
#include "ground/hash.h"
#include "ground/text.h"
#include "proc/process.h"
#include "proc/shimfile.h"
#include "sandbox/offload.h"
#include "sandbox/programwords.h"
#include "sandbox/shimtools.h"
#include "sandbox/verdicts.h"
#include "tool/arguments.h"

static uint64_t hash_of(const char *name)
{
	return hash(HASH_OF_NOTHING, name, strlen(name));
}

/* By the name of its file alone. */
static const struct file *judge(const char *path, const struct file_key *key)
{
	static struct file seen;
	const char *family;
	struct file *file = verdict_place(key);
	const bool is_behind = verdict_is_of(file, key) && file->verdict == BEHIND_SHIM;

	family = is_of_shim_dir(path) ? NULL : shimtools_family(base_name(path));
	if (family != NULL)
		return verdict_note(key, TOOL, family);
	if (is_behind && !shimtools_is_starter(base_name(path))) {
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

	return path != NULL && shimtools_has_program(path) && !is_of_shim_dir(path) && !shimtools_is_starter(base_name(path));
}

/* The program's path, if rules are for programs. */
static const char *path_for_rules(const char *path)
{
	static char kept[PATH_MAX];

	return !shimtools_have_programs() || path == NULL || text_put(kept, sizeof kept, "%s", path) >= (int)sizeof kept ? NULL : kept;
}

static bool is_as_file(struct program *program, const struct file *file)
{
	program->is_launcher = file->verdict == LAUNCHER;
	if (file->verdict == NO_TOOL || program->is_launcher)
		return false;
	text_put(program->family, sizeof program->family, "%s", file->family);
	program->is_behind_shim = file->verdict == BEHIND_SHIM;
	program->has_rules = shimtools_have_rules();
	return true;
}

static bool has_tools_name(struct program *program, const char *name)
{
	const char *family = shimtools_family(name);

	if (family == NULL)
		return false;
	text_put(program->family, sizeof program->family, "%s", family);
	program->has_rules = shimtools_have_rules();
	return true;
}

/* Its file can't be looked at: it is another user's process, or a file that may be executed and not be read. */
static bool match_guess(const struct program_guess *guess, struct program *program)
{
	struct file_key key;

	if (guess->path != NULL && shimtools_is_starter(base_name(guess->path)))
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
	known = shimtools_have_programs() ? NULL : verdict_by_one_name(&key);
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
	if (program->is_behind_shim && shimtools_is_starter(called))
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
