#include "look/sandboxanswer.h"

#include <errno.h>

#include "contract.h"
#include "look/answer.h"
#include "pool/find.h"
#include "pool/jobserver.h"
#include "rules/policy.h"
#include "sandbox/filter.h"
#include "sandbox/nesting.h"
#include "sandbox/possible.h"
#include "tool/resolve.h"

static bool tell(const char *place, const char *why)
{
	struct answer answer = { .texts = { NULL } };

	answer.texts[SANDBOX_PLACE] = place;
	answer.texts[SANDBOX_WHY] = why;
	return answer_print(LOOK_SANDBOX, &answer);
}

static struct common common_of(const struct jobserver *jobserver, const struct self *self, const char *rules)
{
	const char *text = rules[0] != '\0' ? rules : policy_text("", false);

	return (struct common){
		.pool = common_pool(jobserver),
		.shims = common_shims(self->shim_dir),
		.rules = text[0] == '\0' ? 0 : common_rules(text),
	};
}

/* There is a listener above us already. */
static bool tell_above(const struct self *self, const char *rules)
{
	struct jobserver jobserver;
	struct common common = { .pool = 0 };
	const char *ignored;
	const bool has_pool = jobserver_open(&jobserver, &ignored);
	unsigned above;

	if (has_pool)
		common = common_of(&jobserver, self, rules);
	above = nesting_find(&common);
	if (above == ABOVE_FOREIGN)
		return tell(SANDBOX_NONE, filter_why(EBUSY));
	if ((above & ABOVE_IS_OVER) != 0)
		return tell(SANDBOX_NONE, nesting_why(above));
	if (!has_pool)
		return tell(SANDBOX_OTHER, "the sandbox that it is in has a pool that can't be found from here, and there can be one only");
	return above == ABOVE_OURS ? tell(SANDBOX_ABOVE, "") : tell(SANDBOX_OTHER, nesting_why(above));
}

bool answer_sandbox(const struct self *self, char *const words[])
{
	switch (sandbox_try()) {
	case FILTER_WORKS:
		return tell(SANDBOX_OWN, "");
	case FILTER_TAKES_PRIVILEGES:
		return tell(SANDBOX_UNPRIVILEGED, "");
	default:
		return errno == EBUSY ? tell_above(self, words[0]) : tell(SANDBOX_NONE, sandbox_why_not(errno));
	}
}
