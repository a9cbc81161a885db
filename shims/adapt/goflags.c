#include "adapt/goflags.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "ground/arena.h"
#include "ground/text.h"
#include "proc/output.h"

enum { FLAGS_MAX = 4096 };

/* A word of GOFLAGS as go splits them: in quotes of one kind or in none, and without any escape. */
struct word {
	const char *from; /* its quote, if it has one */
	size_t length;
	const char *text; /* what stands between the quotes */
	size_t text_length;
};

static const char spaces[] = " \t\n\r";

static bool next_word(const char **at, struct word *word)
{
	const char *from = *at + strspn(*at, spaces);
	char quotes[] = { *from, '\0' };

	if (*from == '\0')
		return false;
	word->from = word->text = from;
	if (*from == '\'' || *from == '"') {
		word->text++;
		word->text_length = strcspn(word->text, quotes);
		word->length = word->text_length + (word->text[word->text_length] == '\0' ? 1 : 2);
	} else {
		word->length = word->text_length = strcspn(from, spaces);
	}
	*at = from + word->length;
	return true;
}

static const char launcher[] = "/.jobshim/launcher";

/* What stands behind -toolexec= in the word; NULL: it is another flag. */
static const char *toolexec_of(const struct word *word, size_t *length)
{
	static const char *const spellings[] = { "-toolexec=", "--toolexec=" };

	for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
		size_t name = strlen(spellings[i]);

		if (word->text_length < name || strncmp(word->text, spellings[i], name) != 0)
			continue;
		*length = word->text_length - name;
		return word->text + name;
	}
	return NULL;
}

bool goflags_overridden(char *const argv[])
{
	for (size_t i = 1; argv[0] != NULL && argv[i] != NULL; i++) {
		const char *word = argv[i] + (strncmp(argv[i], "--", 2) == 0 ? 1 : 0);

		if (strcmp(word, "-toolexec") == 0)
			return argv[i + 1] == NULL || text_behind(argv[i + 1], strlen(argv[i + 1]), launcher) == NULL;
		if (strncmp(word, "-toolexec=", strlen("-toolexec=")) == 0)
			return text_behind(word, strlen(word), launcher) == NULL;
	}
	return false;
}

/* Reads the GOFLAGS that go finds in `go env -w` and in its own go.env if the environment has none. In no module: a version of go that
 * one may name is not fetched for this. */
static bool read_go_env(const char *path, char *flags)
{
	extern char **environ;
	static char local[] = "GOTOOLCHAIN=local", no_module[] = "GO111MODULE=off", no_work[] = "GOWORK=off";
	char env[] = "env", name[] = "GOFLAGS", *program = arena_copy(path, strlen(path));
	char *argv[] = { program, env, name, NULL };
	size_t count = 0;
	char **environment;

	while (environ[count] != NULL)
		count++;
	environment = arena_pointers(count + 4);
	if (environment == NULL || program == NULL)
		return false;
	/* The first of a name is the one that counts. */
	environment[0] = local;
	environment[1] = no_module;
	environment[2] = no_work;
	memcpy(environment + 3, environ, (count + 1) * sizeof *environment);
	return output_of(path, argv, environment, flags, FLAGS_MAX) && strlen(flags) < FLAGS_MAX - 1;
}

/* The flags before and behind the user's -toolexec, and that one behind our launcher. */
static char *join(const char *flags, const struct word *users, const char *shim_dir, const char *value, size_t length)
{
	bool apart = strpbrk(shim_dir, spaces) != NULL;
	const char *inner = apart ? "\"" : "";
	const char *outer = !apart && length == 0 ? "" : apart || memchr(value, '\'', length) == NULL ? "'" : "\"";
	const char *behind = users == NULL ? "" : users->from + users->length;
	int before = (int)(users == NULL ? strlen(flags) : (size_t)(users->from - flags));
	size_t room;
	char *text = arena_room(&room);
	int written;

	if (strpbrk(shim_dir, "'\"") != NULL || (*outer != '\0' && memchr(value, *outer, length) != NULL))
		return NULL;
	written = text_put(text, room, "GOFLAGS=%.*s%s%s-toolexec=%s%s/.jobshim/launcher%s%s%.*s%s%s", before, flags,
	                   users == NULL && before > 0 ? " " : "", outer, inner, shim_dir, inner, length > 0 ? " -- " : "",
	                   (int)length, value, outer, behind);
	return written > 0 && (size_t)written < room ? arena_keep((size_t)written + 1) : NULL;
}

char *goflags_with_launcher(const char *path, const char *shim_dir, bool *governed)
{
	const char *flags = getenv("GOFLAGS"), *at, *value = "";
	struct word word, users;
	char printed[FLAGS_MAX], *assignment;
	size_t length = 0;
	bool has_users = false;

	*governed = false;
	if (shim_dir[0] == '\0')
		return NULL;
	if (flags == NULL || *flags == '\0') {
		if (!read_go_env(path, printed))
			return NULL;
		flags = printed;
		printed[strcspn(printed, "\n")] = '\0';
	}
	for (at = flags; next_word(&at, &word);) {
		size_t word_length;
		const char *toolexec = toolexec_of(&word, &word_length);

		if (toolexec == NULL)
			continue;
		/* The last one counts. */
		*governed = text_behind(toolexec, word_length, launcher) != NULL;
		users = word;
		value = toolexec;
		length = word_length;
		has_users = true;
	}
	if (*governed)
		return NULL;
	assignment = join(flags, has_users ? &users : NULL, shim_dir, value, length);
	*governed = assignment != NULL;
	return assignment;
}
