#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

#if FAULTS
/* The one static of its kind: a fault is a property of the process under test. */
static struct {
	char name[32];
	long left;
	bool armed;
	int signal;	/* instead of failing; 0: none */
} armed;

static void
arm_from_env(void)
{
	const char *spec = getenv("ARTEL_FAULT");
	const char *colon = spec ? strchr(spec, ':') : NULL;
	char *end;

	armed.armed = true;
	if (!colon)
		return;
	snprintf(armed.name, sizeof(armed.name), "%.*s", (int)(colon - spec), spec);
	armed.left = strtol(colon + 1, &end, 10);
	armed.signal = strcmp(end, ":kill") == 0 ? SIGKILL : strcmp(end, ":stop") == 0 ? SIGSTOP : 0;
}

void
fault_arm(const char *name, long n)
{
	snprintf(armed.name, sizeof(armed.name), "%s", name);
	armed.left = n;
	armed.armed = true;
	armed.signal = 0;
}

bool
fault_fired(void)
{
	return armed.armed && __atomic_load_n(&armed.left, __ATOMIC_RELAXED) <= 0;
}

bool
fault(const char *name)
{
	if (!armed.armed)
		arm_from_env();
	if (__atomic_load_n(&armed.left, __ATOMIC_RELAXED) <= 0 || strcmp(armed.name, name) != 0)
		return false;
	/* Threads visit too; each visit has a number of its own. */
	if (__atomic_sub_fetch(&armed.left, 1, __ATOMIC_RELAXED) != 0)
		return false;
	if (armed.signal)
		raise(armed.signal);
	return !armed.signal;
}
#endif
