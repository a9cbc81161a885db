#include "look/toolwork.h"

#include <sys/prctl.h>

#include "contract.h"
#include "look/toolgovern.h"
#include "run/begin.h"
#include "run/run.h"
#include "tool/adapters.h"
#include "tool/freshen.h"
#include "tool/self.h"
#include "ground/file.h"
#include "ground/log.h"

bool tool_work(const struct self *self, char *const words[])
{
	struct run run = { .tool = words[0], .argv = (char **)words + SELF_WORDS };

	(void)self;
	prctl(PR_SET_NAME, base_name(run.tool)); /* for people, and for who looks for clients by their names first */
	log_begin(base_name(run.tool));
	self_handed(&run.self, words);
	begin(&run);
	log_begin(base_name(run.tool)); /* that of `launcher -- TOOL` */
	if (freshen_is_due(&run.self, run.name, run.settings.real, &run.real))
		freshen_tool(&run.self, run.self.name);
	if (run.adapter != NULL && run.adapter->kind == ADAPTER_CARGO) /* it looks at its compiler's file before it starts it */
		freshen_tool(&run.self, "rustc");
	if (begin_is_governed(&run))
		tool_govern(&run);
	run_exec(&run);
}
