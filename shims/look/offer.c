#include "look/offer.h"

static const uint64_t MS = 1000000; /* in nanoseconds */

enum {
	SETTLE_MS = 5,      /* a build often takes a token again as soon as it has given it back: others wait so long for it */
	LEAST_MS = 20,      /* an offer lasts so long: whoever sleeps on the FIFO has woken up by then, */
	SHARE = 8,          /* or this part of the pause behind it: on a machine with much to do it takes longer */
	PAUSE_MS = 50,      /* after the first offer that nobody took, and twice as long after each further one, */
	PAUSE_MAX_MS = 1000,
	TICK_MS = 250,      /* between two looks whether the machine still has tokens to spare */
};

static uint64_t sooner(uint64_t one, uint64_t other)
{
	return one < other ? one : other;
}

static void note(uint64_t *since, bool is_so, uint64_t now)
{
	if (!is_so)
		*since = 0;
	else if (*since == 0)
		*since = now;
}

static void remember(struct offer *offer, const struct offer_facts *facts)
{
	if (facts->taken || offer->pause == 0) {
		offer->pause = PAUSE_MS * MS;
		offer->not_before = offer->free_since = 0;
	}
	note(&offer->free_since, facts->free > 0, facts->now);
	note(&offer->extra_since, facts->free > 1, facts->now);
}

static uint64_t end_of(const struct offer *offer)
{
	const uint64_t lasts = offer->pause / SHARE;

	return offer->free_since + (lasts > LEAST_MS * MS ? lasts : LEAST_MS * MS);
}

/* Others may need it: nobody took it, and the machine has no other one. */
static struct offer_plan take_back(struct offer *offer, const struct offer_facts *facts)
{
	const uint64_t longer = offer->pause * 2;

	offer->not_before = facts->now + offer->pause;
	offer->pause = sooner(longer, PAUSE_MAX_MS * MS);
	return (struct offer_plan){ .give_back = facts->free, .due_ns = offer->not_before };
}

/* Nobody has taken what is free. */
static struct offer_plan decide_on_free(struct offer *offer, const struct offer_facts *facts)
{
	const uint64_t extra_until = offer->extra_since + (facts->others > 0 ? TICK_MS : SETTLE_MS) * MS;
	struct offer_plan plan = { .due_ns = facts->now + TICK_MS * MS };

	if (facts->others <= 0 && facts->now >= end_of(offer))
		return take_back(offer, facts);
	if (facts->others <= 0)
		plan.due_ns = end_of(offer);
	if (facts->waits && facts->now < offer->free_since + SETTLE_MS * MS) {
		plan.waits = true;
		plan.due_ns = sooner(plan.due_ns, offer->free_since + SETTLE_MS * MS);
	}
	if (facts->free > 1 && facts->now >= extra_until)
		plan.give_back = facts->free - 1;
	else if (facts->free > 1)
		plan.due_ns = sooner(plan.due_ns, extra_until);
	return plan;
}

struct offer_plan offer_decide(struct offer *offer, const struct offer_facts *facts)
{
	remember(offer, facts);
	if (facts->free > 0)
		return decide_on_free(offer, facts);
	if (facts->fed >= facts->most)
		return (struct offer_plan){ .due_ns = UINT64_MAX };
	if (facts->now < offer->not_before)
		return (struct offer_plan){ .due_ns = offer->not_before };
	return (struct offer_plan){ .waits = true, .due_ns = UINT64_MAX };
}
