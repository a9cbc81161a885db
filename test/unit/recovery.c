/* wait/recovery.c: how many tokens two looks tell to be lost. */
#include "wait/recovery.h"

#include "check.h"

enum { MOVING = -1 }; /* free, as a look tells it while tokens move */

#define LOOK(written, free_tokens, held_tokens, is_blind) \
	{ .written_ns = (written), .census = { .free = (free_tokens), .held = (held_tokens), .blind = (is_blind) } }

static const struct {
	const char *name;
	struct recovery_look first, second;
	long lost; /* of four */
} cases[] = {
	{ "all free", LOOK(1, 4, 0, 0), LOOK(1, 4, 0, 0), 0 },
	{ "all held", LOOK(1, 0, 4, 0), LOOK(1, 0, 4, 0), 0 },
	{ "more may be held than there are", LOOK(1, 0, 9, 0), LOOK(1, 0, 9, 0), 0 },
	{ "one lost", LOOK(1, 0, 3, 0), LOOK(1, 0, 3, 0), 1 },
	{ "one lost of an idle pool", LOOK(1, 3, 0, 0), LOOK(1, 3, 0, 0), 1 },
	{ "all lost", LOOK(1, 0, 0, 0), LOOK(1, 0, 0, 0), 4 },
	{ "the first look saw more holders", LOOK(1, 0, 4, 0), LOOK(1, 0, 3, 0), 0 },
	{ "the second look saw more holders", LOOK(1, 0, 3, 0), LOOK(1, 0, 4, 0), 0 },
	{ "one was given back between them", LOOK(1, 0, 3, 0), LOOK(2, 0, 3, 0), 0 },
	{ "one was taken between them", LOOK(1, 1, 2, 0), LOOK(1, 0, 2, 0), 0 },
	{ "tokens moved during the first look", LOOK(1, MOVING, 0, 0), LOOK(1, 0, 0, 0), 0 },
	{ "tokens moved during both", LOOK(1, MOVING, 0, 0), LOOK(1, MOVING, 0, 0), 0 },
	{ "the first look was blind", LOOK(1, 0, 0, 1), LOOK(1, 0, 0, 0), 0 },
	{ "the second look was blind", LOOK(1, 0, 0, 0), LOOK(1, 0, 0, 1), 0 },
};

int main(void)
{
	for (size_t i = 0; i < LENGTH(cases); i++)
		check_number("recovery_lost", cases[i].name, recovery_lost(4, &cases[i].first, &cases[i].second), cases[i].lost);
	return check_end();
}
