/* Any MAKEFLAGS: what is found in it lies in it, one option behind the other. */
#include <assert.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pool/auth.h"
#include "pool/makeflags.h"
#include "pool/makereader.h"

static void read_all(const char *text)
{
	const char *end = text + strlen(text), *last = text;
	struct make_reader reader;
	struct make_flag flag;
	long jobs;

	make_reader_begin(&reader, text);
	while (make_reader_next(&reader, &flag)) {
		assert(text <= flag.gap && flag.gap <= flag.from && last <= flag.from && flag.from < flag.to && flag.to <= end);
		assert(!flag.whole || last <= flag.gap);
		if (flag.argument != NULL)
			assert(flag.from < flag.argument && flag.argument + flag.argument_length == flag.to);
		else
			assert(!make_flag_is_address(&flag) || flag.to == end || flag.whole);
		if (make_flag_jobs(&flag, &jobs))
			assert(jobs >= 0 && jobs <= INT_MAX);
		last = flag.to;
	}
	assert(makeflags_jobs(text) == -1 || makeflags_jobs(text) > 0);
	assert(makeflags_load(text) == -1 || makeflags_load(text) >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct auth auth;

	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	read_all(text);
	if (auth_find(text, &auth)) {
		assert(auth.kind == AUTH_FIFO || auth.kind == AUTH_PIPE);
		assert(auth.argument > text && auth.argument < text + strlen(text));
		if (auth.kind == AUTH_FIFO) {
			assert(auth.path > auth.argument && auth.path_length > 0);
			assert(auth.path + auth.path_length <= text + strlen(text));
			assert(auth.escaped == (memchr(auth.argument, '\\', (size_t)(auth.path + auth.path_length - auth.argument)) != NULL));
		} else {
			assert(auth.read_fd >= 0 && auth.write_fd >= 0);
		}
	} else {
		assert(auth.kind == AUTH_NONE && auth.why != NULL);
	}
	auth_parse(text, strlen(text), &auth);
	free(text);
	return 0;
}
