/*
 * The strategy auto. What a round uses, and nothing else: every set tried so far
 * and whether it passed, whom the reports of failures name, and how many testers
 * there are.
 *
 * First the set most worth trying: as many items as are likely to pass together;
 * that is the whole batch at first, and the whole without those that reports name
 * after that. If it is likely to pass, the next testers try it with each one of
 * those left out of it, so that they are proven guilty in the same round. The
 * testers left over try sets from which most is learnt should the first one fail.
 */
#ifndef ARTEL_BISECT_ADAPTIVE_H
#define ARTEL_BISECT_ADAPTIVE_H

#include "bisect/strategy.h"

void adaptive_plan(const struct knowledge *k, struct plan *out);

#endif
