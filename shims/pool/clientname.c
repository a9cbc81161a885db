#include "pool/clientname.h"

#include <string.h>

#include "contract.h"
#include "ground/file.h"
#include "ground/words.h"
#include "proc/process.h"

static bool same_name(const char *program, const char *name)
{
	size_t length = strlen(name);

	/* A version may follow: make-4.4, gmake4 */
	return strncmp(program, name, length) == 0 && strspn(program + length, "-.0123456789") == strlen(program + length);
}

/* Called for each ancestor, so it is quick: the first letter rules out most names, and few have a dash. */
static const struct client_name *row_of(const char *program, bool is_script)
{
	const char *const dash = strchr(program, '-');

	for (size_t i = 0; i < sizeof client_names / sizeof client_names[0]; i++) {
		const struct client_name *client = &client_names[i];

		if (client->is_script != is_script)
			continue;
		WORDS_EACH(name, client->names) {
			if (program[0] == name[0] && same_name(program, name))
				return client;
			for (const char *at = client->is_tool ? dash : NULL; at != NULL; at = strchr(at, '-'))
				if (same_name(++at, name))
					return client;
		}
	}
	return NULL;
}

const struct client_name *client_named(const char *program)
{
	return row_of(program, false);
}

static const struct client_name *name_of(pid_t pid)
{
	char program[PROGRAM_MAX];

	process_program(pid, program, sizeof program);
	return client_named(program);
}

bool client_by_name(pid_t pid)
{
	const struct client_name *name = name_of(pid);

	return name != NULL && (name->means == CLIENT_MAKE || name->means == CLIENT_PIPE);
}

const struct client_name *client_program(pid_t pid)
{
	return name_of(pid);
}

static bool is_python(const char *program)
{
	return same_name(program, "python") || same_name(program, "pypy");
}

/* The word of a Python's command line that names its script; NULL if it has none. */
static const char *script_in(const char *word, const char *end)
{
	for (word += strlen(word) + 1; word < end && word[0] == '-'; word += strlen(word) + 1) {
		if (word[1] == 'c' || word[1] == 'm' || word[1] == '\0')
			return NULL;
		if (strcmp(word, "-W") == 0 || strcmp(word, "-X") == 0)
			word += strlen(word) + 1;
	}
	return word < end ? word : NULL;
}

const struct client_name *client_script(pid_t pid)
{
	char program[PROGRAM_MAX], *words, *end;
	const char *script;

	process_program(pid, program, sizeof program);
	if (!is_python(program))
		return client_named(program);
	end = process_words(pid, "cmdline", &words);
	script = end == NULL ? NULL : script_in(words, end);
	if (script == NULL)
		return NULL;
	return row_of(base_name(script), true);
}
