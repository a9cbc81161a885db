#include "look/verdict.h"

#include <string.h>

#include "contract.h"
#include "ledger/counters.h"
#include "look/bypass.h"
#include "look/classify.h"
#include "look/toolruns.h"
#include "look/tooluse.h"
#include "tool/families.h"

enum {
	TICK_MS = 200,     /* a program that does nothing for so long has begun */
	WRAPPER_MS = 1000, /* within them a program that does nothing has started what it stands for */
};

/* Counts what a run did until now: it is no wrapper, as it seems or for certain. */
static void judge(struct judgement *judgement, struct tool_run *run, enum verdict verdict)
{
	if (bypass_count(run->kind, run->verdict == UNJUDGED, run->unjudged_ns))
		judgement->has_news = true;
	run->counted_ns += run->unjudged_ns;
	run->unjudged_ns = 0;
	run->verdict = verdict;
	if (verdict == TOOK_NO_SLOT && judgement->tells)
		bypass_tell(run->kind);
}

static void acquit(struct tool_run *run)
{
	if (run->verdict == SUSPECTED)
		bypass_discount(run->kind, run->counted_ns);
	run->verdict = IS_WRAPPER;
}

/* Whether a launcher noted that this process has started it, or was it. */
static bool has_launched(const struct judgement *judgement, pid_t pid)
{
	return judgement->ledger != NULL && ledger_has_caller(judgement->ledger, pid);
}

void verdict_forget(const struct process *process)
{
	struct tool_run *run = toolruns_find(process);

	if (run == NULL)
		return;
	/* Whatever it was taken for: what becomes a launcher was the wrapper of one, a compiled one too. */
	if (run->verdict == TOOK_NO_SLOT)
		run->verdict = SUSPECTED;
	acquit(run);
	run->pid = 0;
}

void verdict_end(struct tool_run *run, void *state)
{
	struct judgement *judgement = state;

	if (run->kind == NULL || (run->verdict != UNJUDGED && run->verdict != SUSPECTED))
		return;
	if (has_launched(judgement, run->pid))
		acquit(run);
	else
		judge(judgement, run, TOOK_NO_SLOT);
}

/* A program that does nothing for long is no wrapper, nor is one that computes. A script takes long to begin, and may look around
 * before it starts a shim: for certain it is none once it has started a tool, or has ended. */
static enum verdict verdict_of(const struct visit *visit)
{
	const struct process *process = &visit->ancestor.process;
	const bool is_old = toolruns_age_ms(process) >= WRAPPER_MS;

	if (visit->has_tool)
		return TOOK_NO_SLOT;
	if (visit->tool.is_script || visit->has_children)
		return is_old ? SUSPECTED : UNJUDGED;
	return process->cpu > 0 || toolruns_age_ms(process) >= TICK_MS ? TOOK_NO_SLOT : UNJUDGED;
}

void verdict_governed(struct judgement *judgement, const struct visit *visit)
{
	bool is_new;
	struct tool_run *run = toolruns_note(&visit->ancestor.process, judgement->shim_dir, &is_new);

	judgement->use->governed_ns += judgement->passed_ns;
	if (run != NULL && run->kind != NULL) {
		acquit(run);
		run->kind = NULL;
	}
	if (!is_new)
		return;
	judgement->use->launched += visit->tool.below_launcher;
	judgement->use->by_clients += !visit->tool.below_launcher && !visit->tool.is_script;
}

void verdict_bypass(struct judgement *judgement, const struct visit *visit)
{
	bool is_new;
	struct tool_run *run = toolruns_note(&visit->ancestor.process, judgement->shim_dir, &is_new);
	struct tool_run rest = { .verdict = UNJUDGED };
	enum verdict verdict;

	if (run == NULL)
		run = &rest;
	/* What a script did before it became a tool was no tool's work. */
	if (run->kind != NULL && run->is_script && !visit->tool.is_script) {
		acquit(run);
		run->kind = NULL;
	}
	run->is_script = visit->tool.is_script;
	if (run->kind == NULL) {
		run->kind = bypass_kind(&visit->ancestor, visit->tool.reason);
		run->verdict = UNJUDGED;
		run->unjudged_ns = run->counted_ns = 0;
	}
	if (visit->has_likes && run->verdict != TOOK_NO_SLOT)
		acquit(run);
	/* gcc past the shims, whose ld is one: the same run goes on after it. */
	if (run->verdict == IS_WRAPPER || visit->has_launcher || visit->has_likes)
		return;
	run->unjudged_ns += judgement->passed_ns;
	verdict = run == &rest || run->verdict == TOOK_NO_SLOT ? TOOK_NO_SLOT : verdict_of(visit);
	if (verdict != UNJUDGED)
		judge(judgement, run, verdict);
}

void verdict_tell_suspect(const struct visit *found, enum class class)
{
	struct visit *suspect = found->suspect;
	const struct family_name *family = family_of(found->tool.name), *of_suspect = family_of(suspect->tool.name);
	const bool is_part = family != NULL && family_is_part(family->family) &&
	                     (of_suspect == NULL || strcmp(of_suspect->family, family->family) != 0);

	if (class == BYPASS)
		suspect->has_tool = suspect->has_tool || !found->tool.is_script;
	else if (class == NO_TOOL)
		suspect->has_tool = suspect->has_tool || (!suspect->tool.is_script && classify_part(&found->ancestor.process));
	else if (is_part)
		suspect->has_launcher = true;
	else
		suspect->has_likes = true;
}
