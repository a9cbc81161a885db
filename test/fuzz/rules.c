/* Any rules, and any MAKEFLAGS behind a NUL: what they ask stays within its bounds. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "contract.h"
#include "ledger/ledger.h"
#include "proc/subject.h"
#include "rules/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct subject self = { .is_self = true };
	const struct policy_run run = { .tool = "x86_64-pc-linux-gnu-gcc", .family = "gcc", .kind = RUN_LINK, .subject = &self };
	static char text[LEDGER_RULES_FILE_MAX];
	struct ledger none;
	struct policy policy;
	const char *flags;

	if (size >= sizeof text)
		size = sizeof text - 1;
	memcpy(text, data, size);
	text[size] = '\0';
	flags = memchr(text, '\0', size);
	setenv("MAKEFLAGS", flags == NULL ? "" : flags + 1, 1);
	policy_none(&policy);
	policy_parse(&policy, &run, text);
	policy_heed_make(&policy, &self);
	ledger_none(&none);
	assert(policy.tokens >= 1 && policy.tokens <= LEDGER_TOKENS_MAX);
	assert(policy_slots(&policy, &none) >= 1 && policy_slots(&policy, &none) <= policy.tokens);
	assert(policy.load >= 0 && policy.load <= 1e9);
	assert(policy.engine >= text || *policy.engine == '\0');
	for (size_t i = 0; i < PRESSURES; i++)
		assert(policy.pressure[i] >= 0 && policy.pressure[i] <= 1e9);
	return 0;
}
