#include "wordmill.h"
#include <stdio.h>
#include <stdlib.h>

static struct entry *place(struct entry *entries, size_t room, struct slice key)
{
	size_t i = hash_fnv(key) & (room - 1);
	while (entries[i].key.at && !slice_equal(entries[i].key, key))
		i = (i + 1) & (room - 1);
	return &entries[i];
}

static void grow(struct table *t)
{
	size_t room = t->room ? t->room * 2 : 16;
	struct entry *entries = calloc(room, sizeof *entries);
	if (!entries) {
		perror("wordmill");
		abort();
	}
	for (size_t i = 0; i < t->room; i++)
		if (t->entries[i].key.at)
			*place(entries, room, t->entries[i].key) = t->entries[i];
	free(t->entries);
	t->entries = entries;
	t->room = room;
}

long *table_at(struct table *t, struct slice key)
{
	struct entry *entry;
	if (t->used * 4 >= t->room * 3)
		grow(t);
	entry = place(t->entries, t->room, key);
	if (!entry->key.at) {
		entry->key = key;
		t->used++;
	}
	return &entry->value;
}

void table_free(struct table *t)
{
	free(t->entries);
	*t = (struct table){0};
}
