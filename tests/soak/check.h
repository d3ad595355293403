/* Whether what a farm's database and its builders' notes say can be. It is at rest: nothing changes it meanwhile. */
#ifndef ARTEL_TESTS_SOAK_CHECK_H
#define ARTEL_TESTS_SOAK_CHECK_H

#include "tests/soak/past.h"

/* notes: how many files ROOT/notes.0, notes.1, ... there are to be read (bench/fake-builders --notes). */
int check_farm(struct past *p, struct store *s, unsigned notes, struct wrongs *w, struct err *err);

#endif
