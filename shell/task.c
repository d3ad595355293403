#include "shell/buildinfo.h"
#include "shell/task.h"

const struct verb task_verbs[] = {
	{"build", "[-b REPO] [-m WORD|-] [--deps A,B] [--fail-early|--fail-late] [--test-only|--commit] [--urgent|--normal|--background] [--keep-root] INSTRUCTION...",
	    "Make a task of these instructions and run it", build_verb},
	{"task new", "[REPO]", "Make an empty task; prints its id", task_new},
	{"task add", "[ID [BEFORE]] repo GIT TAG | NAME.git=TAG | srpm FILE | del SRC... | rebuild SRC... | copy SRC [FROM] | "
	    "rebuild-unmets | del-unmets", "Add subtasks", task_add},
	{"task delsub", "ID SUBTASK", "Remove a subtask", task_delsub},
	{"task run", "[-m WORD|-] [--dry-run] [--fail-early|--fail-late] [--test-only|--commit] [--urgent|--normal|--background] [--keep-root] [ID]",
	    "Hand it to the farm", task_run},
	{"task ls", "[--repo=LIST] [--state=LIST] [--user=NAME|ALL]", "List tasks, newest first", task_ls},
	{"task show", "[--brief|--events|--json] [ID]", "All about a task", task_show},
	{"task root", "ID.SUBTASK[.ARCH]", "The packages that were in the root of a build", task_root},
	{"task why", "[--json] [ID]", "What it waits for, or why it ended so", task_why},
	{"task hold", "ID [REASON...]", "Start no more jobs of it", task_hold_verb},
	{"task release", "ID", "Let a held task go on", task_release},
	{"task requeue", "ID[.SUBTASK[.ARCH]]", "Put its failed jobs back into the queue, and keep what is built", task_requeue_verb},
	{"task class", "ID urgent|normal|background", "How soon its jobs come", task_class_verb},
	{"task abort", "ID", "Stop it", task_abort},
	{"task rm", "ID", "Forget it", task_rm},
	{"task share", "[ID] status|enable|disable", "Let others change it", task_share},
	{"task deps", "[ID] show|clear|add|del|set [ID...]", "What must be merged before it", task_deps_verb},
	{"task approve", "[--revoke] ID SUBTASK|all", "Approve someone's change of your package (text on stdin)", task_approve},
	{"task disapprove", "[--revoke] ID SUBTASK|all", "Object to it (text on stdin)", task_disapprove},
	{"task check-git-inheritance", "ID SUBTASK disable COMMIT", "Override one failure that was seen", task_inheritance},
	{"acl", "REPO PACKAGE show | check USER | add USER | del USER", "Who may change a package", acl_verb},
};
const size_t n_task_verbs = sizeof(task_verbs) / sizeof(*task_verbs);
