/*
 * Versions, compared as rpm does (librpm's rpmver: epoch, `~`, `^`; see
 * rpm-version(7)). Text form: [epoch:]version[-release].
 */
#ifndef ARTEL_PACKAGE_EVR_H
#define ARTEL_PACKAGE_EVR_H

struct err;

/* <0, 0, >0. -2 in *bad if one of them is not a version (then 0 is returned). */
int evr_cmp(const char *a, const char *b, int *bad);
/* "1:2.0-3" out of parts; an epoch of 0 or NULL is left out. malloc'ed. */
char *evr_join(const char *epoch, const char *version, const char *release);

#endif
