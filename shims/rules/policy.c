#include "rules/policy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ledger/ledger.h"
#include "pool/makeflags.h"
#include "proc/subject.h"
#include "ground/arena.h"
#include "ground/file.h"
#include "ground/number.h"
#include "ground/report.h"
#include "ground/text.h"
#include "ground/trust.h"
#include "rules/pattern.h"

static const double LEAST_LOAD = 0.001; /* with -l0 make starts one job at a time */

/* A rule holds if each kind of condition that it names is met. */
struct conditions {
	uint32_t rule;
	bool names_tool, meets_tool;
	bool fails;
};

static uint32_t parse_count(const char *text, uint32_t most)
{
	const uint64_t value = number_scan(&text, 10);

	return value > most ? most : (uint32_t)value;
}

/* A trailing * stands for any rest. */
static bool name_matches(const char *pattern, const char *name)
{
	size_t length = strlen(pattern);

	if (length > 0 && pattern[length - 1] == '*')
		return strncmp(pattern, name, length - 1) == 0;
	return strcmp(pattern, name) == 0;
}

/* Each variable is used before the next one is read. */
static bool package_matches(const struct subject *subject, const char *pattern)
{
	const char *package = subject_variable(subject, ENV_PACKAGE), *category, *name;
	char text[256];
	int length;

	if (package != NULL)
		return name_matches(pattern, package);
	category = subject_variable(subject, "CATEGORY");
	length = category == NULL ? (int)sizeof text : text_put(text, sizeof text, "%s/", category);
	name = length >= (int)sizeof text ? NULL : subject_variable(subject, "PN");
	return name != NULL && text_put(text + length, sizeof text - (size_t)length, "%s", name) < (int)sizeof text - length &&
	       name_matches(pattern, text);
}

/* Reads a line that says when a rule holds. False if it is another line. */
static bool condition(struct conditions *conditions, const struct policy_run *run, const char *key, const char *value)
{
	if (strcmp(key, "rule") == 0) {
		*conditions = (struct conditions){ .rule = parse_count(value, UINT32_MAX) };
	} else if (strcmp(key, "tool") == 0) {
		conditions->names_tool = true;
		if (strcmp(value, run->tool) == 0 || strcmp(value, run->family) == 0)
			conditions->meets_tool = true;
	} else if (strcmp(key, "kind") == 0) {
		if (strcmp(value, run_kind_names[run->kind]) != 0)
			conditions->fails = true;
	} else if (strcmp(key, "program") == 0) {
		if (run->path == NULL || !pattern_matches(value, run->path))
			conditions->fails = true;
	} else if (strcmp(key, "package") == 0) {
		if (!package_matches(run->subject, value))
			conditions->fails = true;
	} else {
		return false;
	}
	return true;
}

static void set(struct policy *policy, uint32_t rule, const char *key, const char *value)
{
	static const char *const pressures[PRESSURES] = { "pressure-cpu", "pressure-memory", "pressure-io" };

	if (strcmp(key, "tokens") == 0) {
		policy->tokens = parse_count(value, LEDGER_TOKENS_MAX);
	} else if (strcmp(key, "memory") == 0) {
		policy->learns = strcmp(value, "learn") == 0;
		policy->memory = policy->learns ? 0 : parse_count(value, UINT32_MAX);
	} else if (strcmp(key, "limit") == 0) {
		policy->limit = parse_count(value, UINT32_MAX);
		policy->limit_rule = rule;
	} else if (strcmp(key, "priority") == 0) {
		policy->is_low = strcmp(value, PRIORITY_LOW) == 0;
	} else if (strcmp(key, "load") == 0) {
		policy->load = decimal_read(value, policy->load);
	} else if (strcmp(key, "engine") == 0 || strcmp(key, "launcher") == 0) { /* its older name */
		policy->engine = value;
	}
	for (size_t i = 0; i < PRESSURES; i++)
		if (strcmp(key, pressures[i]) == 0)
			policy->pressure[i] = decimal_read(value, policy->pressure[i]);
}

void policy_none(struct policy *policy)
{
	*policy = (struct policy){ .tokens = 1, .make_jobs = -1, .engine = "" };
}

void policy_parse(struct policy *policy, const struct policy_run *run, char *text)
{
	struct conditions conditions = { .rule = 0 };
	const char *makeflags;

	for (char *line; (line = strsep(&text, "\n")) != NULL;) {
		char *equals = strchr(line, '=');

		if (equals == NULL)
			continue;
		*equals = '\0';
		if (!condition(&conditions, run, line, equals + 1) && !conditions.fails &&
		    (conditions.meets_tool || !conditions.names_tool))
			set(policy, conditions.rule, line, equals + 1);
	}
	if (policy->tokens == 0)
		policy->tokens = 1;
	if (policy->tokens > 1 && (makeflags = subject_variable(run->subject, "MAKEFLAGS")) != NULL)
		policy->make_jobs = makeflags_jobs(makeflags);
}

static const char *named_rules(void)
{
	const char *path = getenv(ENV_RULES);

	return path == NULL || *path == '\0' ? NULL : path;
}

/* The text of the rules, which stays; NULL if there are none. tool: whose they are, for reports. */
static char *read_rules(const char *tool, const char *shim_dir, bool installed, struct stat *status)
{
	const char *path = named_rules();
	size_t room;
	char *text;
	ssize_t size;

	if (path == NULL) {
		char *own = arena_room(&room);
		int length = text_put(own, room, "%s/.jobshim/rules", shim_dir);

		if (!installed || shim_dir[0] == '\0' || length >= (int)room)
			return NULL;
		path = arena_keep((size_t)length + 1);
	}
	text = arena_room(&room);
	size = read_plain_file(path, text, room < LEDGER_RULES_FILE_MAX ? room : LEDGER_RULES_FILE_MAX, status);
	if (size < 0 && errno == EINVAL)
		report_debug("%s: no rules: %s is not a regular file", tool, path);
	return size <= 0 || arena_keep((size_t)size + 1) == NULL ? NULL : text;
}

void policy_read(struct policy *policy, const struct policy_run *run, const char *shim_dir, bool installed)
{
	struct stat status;
	char *text = read_rules(run->tool, shim_dir, installed, &status); /* the engine's name stays in it */

	if (text == NULL)
		return;
	policy_parse(policy, run, text);
	/* Rules of another user may make us wait, as their pool may; they can't name a program that we run. */
	if (named_rules() != NULL && policy->engine[0] != '\0' && !trust_file(&status)) {
		report_debug("%s: no engine: another user can write %s", run->tool, named_rules());
		policy->engine = "";
	}
}

void policy_each_program(const char *shim_dir, void (*visit)(const char *pattern))
{
	static const char key[] = "program=";
	struct stat status;
	char *text = read_rules("sandbox", shim_dir, true, &status);

	for (char *line; (line = strsep(&text, "\n")) != NULL;)
		if (strncmp(line, key, strlen(key)) == 0)
			visit(line + strlen(key));
}

const char *policy_text(const char *shim_dir, bool installed)
{
	struct stat status;
	const char *text = read_rules("sandbox", shim_dir, installed, &status);

	return text == NULL ? "" : text;
}

static unsigned reserve_in(char *text)
{
	static const char key[] = "reserve=";
	unsigned reserve = 0;

	for (char *line; (line = strsep(&text, "\n")) != NULL;)
		if (strncmp(line, key, strlen(key)) == 0)
			reserve = parse_count(line + strlen(key), LEDGER_POOL_MAX);
	return reserve;
}

struct priority policy_priority(const struct policy *policy, const struct policy_run *run, const char *shim_dir, bool installed)
{
	const char *named = subject_variable(run->subject, ENV_PRIORITY), *makeflags;
	struct priority priority = { .is_low = named == NULL || *named == '\0' ? policy->is_low : strcmp(named, PRIORITY_LOW) == 0 };
	struct stat status;
	int jobs;

	if (!priority.is_low)
		return priority;
	makeflags = subject_variable(run->subject, "MAKEFLAGS");
	jobs = makeflags == NULL ? -1 : makeflags_jobs(makeflags);
	priority.tokens = jobs > 0 ? jobs - 1 : -1; /* of a make: one slot is its own */
	priority.reserve = reserve_in(read_rules(run->tool, shim_dir, installed, &status));
	return priority;
}

void policy_heed_make(struct policy *policy, const struct subject *subject)
{
	const char *makeflags = subject_variable(subject, "MAKEFLAGS");
	const double load = makeflags == NULL ? -1 : makeflags_load(makeflags);

	if (load >= 0)
		policy->load = load > LEAST_LOAD ? load : LEAST_LOAD;
}

int policy_pool_slots(const struct policy *policy, const struct ledger *ledger)
{
	const int slots = (int)ledger_slots(ledger);

	return slots >= 0 ? slots : policy->make_jobs;
}

unsigned policy_slots(const struct policy *policy, const struct ledger *ledger)
{
	int slots = policy_pool_slots(policy, ledger);

	return slots > 0 && (unsigned)slots < policy->tokens ? (unsigned)slots : policy->tokens;
}

bool policy_has_gates(const struct policy *policy)
{
	for (size_t i = 0; i < PRESSURES; i++)
		if (policy->pressure[i] > 0)
			return true;
	return policy->tokens > 1 || policy->memory > 0 || policy->learns || policy->limit > 0 || policy->load > 0;
}
