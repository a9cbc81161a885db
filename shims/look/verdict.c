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
	TICK_MS = 200,     /* after so long without work a program has finished its start */
	WRAPPER_MS = 1000, /* within this time a wrapper has started its tool */
};

/* Counts what a run did until now: it is no wrapper, probably or certainly. */
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

/* Whether it was a wrapper, as was noted by a launcher, which this process started or became, or by the supervisor of a sandbox. A quick tool
 * may run between two looks, and on a machine with much to do a wrapper needs long for little: then only this note tells. If it was seen to
 * start a tool without a slot, that tool's note counts: the tool may only have begun to wait. */
static bool was_wrapper(const struct judgement *judgement, const struct tool_run *run)
{
	return judgement->noted != NULL && ledger_has_caller(judgement->noted, run->started != 0 ? run->started : run->pid);
}

/* Whatever it counted as before. */
static void acquit_wholly(struct tool_run *run)
{
	if (run->verdict == TOOK_NO_SLOT)
		run->verdict = SUSPECTED;
	acquit(run);
}

void verdict_forget(const struct process *process)
{
	struct tool_run *run = toolruns_find(process);

	if (run == NULL)
		return;
	acquit_wholly(run); /* a process that becomes a launcher was a wrapper */
	run->pid = 0;
}

void verdict_end(struct tool_run *run, void *state)
{
	struct judgement *judgement = state;

	if (run->kind == NULL || run->verdict == IS_WRAPPER)
		return;
	if (was_wrapper(judgement, run))
		acquit_wholly(run);
	else if (run->verdict != TOOK_NO_SLOT)
		judge(judgement, run, TOOK_NO_SLOT);
}

/* Whether a program does its work: in a sandbox it may be about to wait for its slot before. */
static bool has_begun(const struct process *process)
{
	return process->cpu > 0 || toolruns_age_ms(process) >= TICK_MS;
}

/* A program that idles for long is no wrapper, nor is one that computes. A script starts slowly, and may do other work before it starts a
 * shim: it is certainly no wrapper once it has started a tool, or has ended. */
static enum verdict verdict_of(const struct visit *visit)
{
	const struct process *process = &visit->ancestor.process;
	const bool is_old = toolruns_age_ms(process) >= WRAPPER_MS;

	if (visit->has_tool)
		return TOOK_NO_SLOT;
	if (visit->tool.is_script || visit->has_children)
		return is_old ? SUSPECTED : UNJUDGED;
	return has_begun(process) ? TOOK_NO_SLOT : UNJUDGED;
}

void verdict_governed(struct judgement *judgement, const struct visit *visit)
{
	bool is_new;
	struct tool_run *run = toolruns_note(&visit->ancestor.process, judgement->shim_dir, &is_new);

	judgement->use->governed_ns += judgement->passed_ns;
	if (run != NULL && visit->tool.since_ns != 0)
		run->ms = toolruns_since_ms(visit->tool.since_ns);
	if (run != NULL && run->kind != NULL) {
		if (visit->tool.has_record || was_wrapper(judgement, run))
			acquit_wholly(run);
		else
			acquit(run);
		run->kind = NULL;
	}
	if (!is_new)
		return;
	/* An ld whose gcc was killed has what gcc's launcher gave that: no ledger has counted it. */
	judgement->use->launched += visit->tool.below_launcher && (visit->tool.has_record || !visit->tool.is_adopted);
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
	/* What a script did before it became a tool does not count as a tool's work. */
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
	if (run->started != 0 && was_wrapper(judgement, run))
		acquit_wholly(run);
	if (run->started == 0)
		run->started = visit->started;
	if (visit->has_likes && run->verdict != TOOK_NO_SLOT)
		acquit(run);
	/* A gcc that bypassed the shims, whose ld is a shim: the run of gcc goes on after it. */
	if (run->verdict == IS_WRAPPER || visit->has_launcher || visit->has_likes)
		return;
	run->unjudged_ns += judgement->passed_ns;
	verdict = run == &rest || run->verdict == TOOK_NO_SLOT ? TOOK_NO_SLOT : verdict_of(visit);
	if (verdict != UNJUDGED)
		judge(judgement, run, verdict);
}

/* Whether it is a tool, or does a part of a compiler's work, and no launcher started it. */
static bool has_no_launcher(const struct visit *found, enum class class)
{
	if (class == BYPASS)
		return !found->tool.is_script;
	return class == NO_TOOL && !found->suspect->tool.is_script && classify_part(&found->ancestor.process);
}

void verdict_tell_suspect(const struct visit *found, enum class class)
{
	struct visit *suspect = found->suspect;
	const struct family_row *family = family_of(found->tool.name), *of_suspect = family_of(suspect->tool.name);
	const bool is_part = family != NULL && family_is_part(family->family) &&
	                     (of_suspect == NULL || strcmp(of_suspect->family, family->family) != 0);

	if (has_no_launcher(found, class)) {
		if (suspect->started == 0)
			suspect->started = class == NO_TOOL || is_part ? STARTED_PART : found->ancestor.process.pid;
		suspect->has_tool = suspect->has_tool || has_begun(&found->ancestor.process);
	} else if (class == BYPASS || class == NO_TOOL) {
		return;
	} else if (is_part) {
		suspect->has_launcher = true;
	} else {
		suspect->has_likes = true;
	}
}
