/* What a merger does with tasks that are BUILT, as far as the database knows: no package is looked at. */
#ifndef ARTEL_TESTS_SOAK_MERGING_H
#define ARTEL_TESTS_SOAK_MERGING_H

struct soak;

/* Some of them are merged, sent back, or refused; all are merged that can be, if the soak is calm. */
void merging_cycle(struct soak *k);

#endif
