/* pool/auth.c: the address of a jobserver. */
#include "pool/auth.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>

#include "check.h"

static const char negative[] = "the file descriptors are negative: make keeps its jobserver from this recipe";
static const char neither[] = "neither fifo:PATH nor two file descriptors", none[] = "no jobserver in MAKEFLAGS";

/* An address as a text: what stands in the tables. */
static const char *shown(const struct auth *auth)
{
	static char text[256];

	if (auth->kind == AUTH_NONE)
		return auth->why;
	if (auth->kind == AUTH_PIPE)
		snprintf(text, sizeof text, "%d,%d", auth->read_fd, auth->write_fd);
	else
		snprintf(text, sizeof text, "fifo:%s", auth_path(auth));
	return text;
}

static const struct {
	const char *text, *means;
} parsed[] = {
	{ "3,4", "3,4" },
	{ "0,0", "0,0" },
	{ "2147483647,3", "2147483647,3" },
	{ "fifo:/f", "fifo:/f" },
	{ "fifo:/a b\\c", "fifo:/a b\\c" },
	{ "fifo:relative", "fifo:relative" },
	{ "-2,-2", negative },
	{ "3,-4", negative },
	{ "", neither },
	{ "fifo:", neither },
	{ "FIFO:/f", neither },
	{ "3", neither },
	{ "3,", neither },
	{ ",4", neither },
	{ "3,4x", neither },
	{ "3, 4", neither },
	{ "+3,4", neither },
	{ "3,4,5", neither },
	{ "2147483648,3", neither },
	{ "99999999999999999999,3", neither },
};

static const struct {
	const char *makeflags, *means;
} found[] = {
	{ "", none },
	{ "ks", none },
	{ " -j4 --jobserver-auth=3,4", "3,4" },
	{ "ks -j --jobserver-fds=5,6", "5,6" },
	{ " -j8 --jobserver-auth=fifo:/tmp/GMfifo1", "fifo:/tmp/GMfifo1" },
	{ "--jobserver-auth=3,4 --jobserver-auth=5,6", "5,6" },
	{ "--jobserver-fds=3,4 --jobserver-auth=fifo:/f", "fifo:/f" },
	{ "--jobserver-auth=3,4 --jobserver-auth=-2,-2", "3,4" },
	{ "--jobserver-auth=-2,-2", negative },
	{ "--jobserver-auth=3,4 --jobserver-auth=x", "3,4" },
	{ "-k -- A=--jobserver-auth=3,4", none },
	{ "-j2 -- --jobserver-auth=3,4", none },
	{ "--jobserver-auth=fifo:", neither },
	{ "--jobserver-auth", neither },
	{ "--jobserver-authority=3,4", none },
	{ "--jobserver-auth=fifo:/t\\ mp/GMfifo1", "fifo:/t mp/GMfifo1" },
	{ "--jobserver-auth=fifo:/t\\\\mp", "fifo:/t\\mp" },
	{ "--jobserver-auth=f\\ifo:/f", "fifo:/f" },
	{ "--jobserver-auth=\\3,4", "3,4" },
	{ "--jobserver-auth fifo:/f", "fifo:/f" },
	{ "--jobserver-a=fifo:/f", "fifo:/f" },
	{ "--eval=A=1\\ --jobserver-auth=fifo:/nope", none },
	{ "--eval --jobserver-auth=fifo:/nope", none },
	{ "A=1\\ --jobserver-auth=fifo:/nope", none },
	{ "-I -- --jobserver-auth=3,4", "3,4" },
};

static const struct {
	const char *path;
	bool by_all;
} paths[] = {
	{ "/tmp/GMfifo1", true },
	{ "/tmp/gr\303\266\303\237e", true },
	{ "/a b", false },
	{ "/a\tb", false },
	{ "/a\\b", false },
	{ "/a$b", false },
	{ "/a\nb", false },
	{ "/a\377b", false },
	{ "/a\357\277\275b", false }, /* by this Node stands for such a byte */
};

/* A path of that many bytes: PATH_MAX counts its NUL. */
static void check_long(size_t length, const char *wanted)
{
	static const char option[] = "--jobserver-auth=";
	char *text = calloc(sizeof option + 5 + length, 1), name[64];
	struct auth auth;

	assert(text != NULL);
	memset(stpcpy(stpcpy(text, option), "fifo:"), 'a', length);
	snprintf(name, sizeof name, "a path of %zu bytes", length);
	check_text("auth_find", name, auth_find(text, &auth) ? "found" : auth.why, wanted);
	check_text("auth_parse", name, auth_parse(text + sizeof option - 1, 5 + length, &auth) ? "found" : auth.why, wanted);
	free(text);
}

int main(void)
{
	struct auth auth;

	for (size_t i = 0; i < LENGTH(parsed); i++) {
		auth_parse(parsed[i].text, strlen(parsed[i].text), &auth);
		check_text("auth_parse", parsed[i].text, shown(&auth), parsed[i].means);
	}
	check_number("auth_parse, as far as its length", "3,45", auth_parse("3,45", 3, &auth), false);
	for (size_t i = 0; i < LENGTH(found); i++) {
		auth_find(found[i].makeflags, &auth);
		check_text("auth_find", found[i].makeflags, shown(&auth), found[i].means);
	}
	check_number("auth_find, legacy", "--jobserver-fds", auth_find("--jobserver-fds=3,4", &auth) && auth.legacy, true);
	check_number("auth_find, legacy", "--jobserver-auth", auth_find("--jobserver-auth=3,4", &auth) && !auth.legacy, true);
	check_long(PATH_MAX - 1, "found");
	check_long(PATH_MAX, "the path behind fifo: is too long");
	check_long(1000000, "the path behind fifo: is too long");
	for (size_t i = 0; i < LENGTH(paths); i++)
		check_number("auth_read_by_all", paths[i].path, auth_read_by_all(paths[i].path), paths[i].by_all);
	return check_end();
}
