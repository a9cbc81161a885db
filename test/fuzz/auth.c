/* Any MAKEFLAGS: what is found in it lies in it. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "auth.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct auth auth;

	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (auth_find(text, &auth)) {
		assert(auth.kind == AUTH_FIFO || auth.kind == AUTH_PIPE);
		assert(auth.word >= text && auth.word_length > 0 && auth.word + auth.word_length <= text + strlen(text));
		assert(memchr(auth.word, '=', auth.word_length) != NULL);
		if (auth.kind == AUTH_FIFO)
			assert(auth.path > auth.word && auth.path + auth.path_length == auth.word + auth.word_length);
		else
			assert(auth.read_fd >= 0 && auth.write_fd >= 0);
	} else {
		assert(auth.kind == AUTH_NONE && auth.why != NULL);
	}
	auth_parse(text, strlen(text), &auth);
	free(text);
	return 0;
}
