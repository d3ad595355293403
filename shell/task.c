#include "shell/buildinfo.h"
#include "shell/task.h"

const struct verb task_verbs[] = {
	{"build", "[-b REPO] [-m WORD|-] [--deps A,B] [--fail-early|--fail-late] [--test-only|--commit] [--urgent|--normal|--background] [--keep-root] INSTRUCTION...",
	    "Make a task of these instructions and run it", build_verb, REACH_USER},
	{"task new", "[REPO]", "Make an empty task; prints its id", task_new, REACH_USER},
	{"task add", "[ID [BEFORE]] repo GIT TAG | NAME.git=TAG | srpm FILE | del SRC... | rebuild SRC... | copy SRC [FROM] | "
	    "rebuild-unmets | del-unmets", "Add subtasks", task_add, REACH_USER},
	{"task delsub", "ID SUBTASK", "Remove a subtask", task_delsub, REACH_USER},
	{"task run", "[-m WORD|-] [--dry-run] [--fail-early|--fail-late] [--test-only|--commit] [--urgent|--normal|--background] [--keep-root] [ID]",
	    "Hand it to the farm", task_run, REACH_USER},
	{"task ls", "[--repo=LIST] [--state=LIST] [--user=NAME|ALL]", "List tasks, newest first", task_ls, REACH_USER},
	{"task show", "[--brief|--events|--json] [ID]", "All about a task", task_show, REACH_USER},
	{"task root", "ID.SUBTASK[.ARCH]", "The packages that were in the root of a build", task_root, REACH_USER},
	{"task why", "[--json] [ID]", "What it waits for, or why it ended so", task_why, REACH_USER},
	{"task hold", "ID [REASON...]", "Start no more jobs of it", task_hold_verb, REACH_USER},
	{"task release", "ID", "Let a held task go on", task_release, REACH_USER},
	{"task requeue", "ID[.SUBTASK[.ARCH]]", "Put its failed jobs back into the queue, and keep what is built", task_requeue_verb, REACH_USER},
	{"task class", "ID urgent|normal|background", "How soon its jobs come", task_class_verb, REACH_USER},
	{"task abort", "ID", "Stop it", task_abort, REACH_USER},
	{"task rm", "ID", "Forget it", task_rm, REACH_USER},
	{"task share", "[ID] status|enable|disable", "Let others change it", task_share, REACH_USER},
	{"task deps", "[ID] show|clear|add|del|set [ID...]", "What must be merged before it", task_deps_verb, REACH_USER},
	{"task approve", "[--revoke] ID SUBTASK|all", "Approve someone's change of your package (text on stdin)", task_approve, REACH_USER},
	{"task disapprove", "[--revoke] ID SUBTASK|all", "Object to it (text on stdin)", task_disapprove, REACH_USER},
	{"task check-git-inheritance", "ID SUBTASK disable COMMIT", "Override one failure that was seen", task_inheritance, REACH_USER},
	{"acl", "REPO ITEM show | check [USER] | add WHO... | del WHO... | leader WHO | replace OLD NEW | create WHO... | delete, "
	    "REPO, REPO import FILE|-, REPO export, --rules", "Who may change a package, or a @group", acl_verb, REACH_USER},
};
const size_t n_task_verbs = sizeof(task_verbs) / sizeof(*task_verbs);
