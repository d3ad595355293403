#include "tests/unit.h"

#include <sys/wait.h>

#include "builder/phases.h"

static void
test_text(void **state)
{
	AUTO(phases_free) struct phases *p = phases_new();
	AUTO(str_fini) struct str text = {0};

	assert_non_null(p);
	phases_enter(p, PHASE_RPMBUILD);
	p->spent_us[PHASE_START] = 400;
	p->spent_us[PHASE_SOLVE] = 20500;
	p->spent_us[PHASE_ROOT] = 1110000;
	phases_enter(p, PHASE_SEND);
	p->spent_us[PHASE_RPMBUILD] = 200000;
	phases_text(p, &text);
	assert_non_null(strstr(str_c(&text), "solve 0.02"));
	assert_non_null(strstr(str_c(&text), ", root 1.110 s, rpmbuild 0.200 s, "));
	/* What took no time is not told. */
	assert_null(strstr(str_c(&text), "start"));
	assert_non_null(strstr(str_c(&text), "in all "));
}

/* A phase that is entered in a child goes on here. */
static void
test_shared(void **state)
{
	AUTO(phases_free) struct phases *p = phases_new();
	pid_t pid;

	assert_non_null(p);
	pid = fork();
	if (pid == 0) {
		phases_enter(p, PHASE_SOLVE);
		phases_enter(p, PHASE_FACTS);
		p->spent_us[PHASE_SOLVE] = 7;
		_exit(0);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(p->now, PHASE_FACTS);
	assert_int_equal(p->spent_us[PHASE_SOLVE], 7);
}

/* Whoever is inside may have written anything. */
static void
test_nonsense(void **state)
{
	AUTO(phases_free) struct phases *p = phases_new();
	AUTO(str_fini) struct str text = {0};

	assert_non_null(p);
	memset(p, 0xff, sizeof(*p));
	phases_text(p, &text);
	phases_enter(p, PHASE_SEND);
	memset(p, 0x7f, sizeof(*p));
	phases_enter(p, PHASE_SEND);
	phases_enter(p, PHASE_SEND);
	phases_text(p, &text);
	assert_non_null(strstr(str_c(&text), "in all"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
