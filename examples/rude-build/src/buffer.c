#include "wordmill.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void make_room(struct buffer *b, size_t more)
{
	size_t needed = b->length + more + 1;
	if (needed <= b->room)
		return;
	b->room = needed < 64 ? 64 : needed * 2;
	b->at = realloc(b->at, b->room);
	if (!b->at) {
		perror("wordmill");
		abort();
	}
}

void buffer_add(struct buffer *b, struct slice s)
{
	make_room(b, s.length);
	if (s.length)
		memcpy(b->at + b->length, s.at, s.length);
	b->length += s.length;
	b->at[b->length] = 0;
}

void buffer_text(struct buffer *b, const char *text)
{
	buffer_add(b, slice_of(text));
}

void buffer_byte(struct buffer *b, char byte)
{
	buffer_add(b, (struct slice){&byte, 1});
}

void buffer_repeat(struct buffer *b, char byte, size_t times)
{
	make_room(b, times);
	memset(b->at + b->length, byte, times);
	b->length += times;
	b->at[b->length] = 0;
}

void buffer_free(struct buffer *b)
{
	free(b->at);
	*b = (struct buffer){0};
}
