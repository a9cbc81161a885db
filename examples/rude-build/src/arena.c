#include "wordmill.h"
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct block { struct block *before; size_t used, size; alignas(max_align_t) char bytes[]; };

void *arena_take(struct arena *a, size_t bytes)
{
	struct block *block = a->last;
	size_t rounded = (bytes + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
	if (!block || block->size - block->used < rounded) {
		size_t size = rounded > 4096 ? rounded : 4096;
		block = malloc(sizeof *block + size);
		if (!block) {
			perror("wordmill");
			abort();
		}
		*block = (struct block){.before = a->last, .size = size};
		a->last = block;
	}
	block->used += rounded;
	return block->bytes + block->used - rounded;
}

struct slice arena_copy(struct arena *a, struct slice s)
{
	char *copy = arena_take(a, s.length + 1);
	if (s.length)
		memcpy(copy, s.at, s.length);
	copy[s.length] = 0;
	return (struct slice){copy, s.length};
}

void arena_free(struct arena *a)
{
	while (a->last) {
		struct block *before = a->last->before;
		free(a->last);
		a->last = before;
	}
}
