/* What users and administrators do, each by the functions that their commands use. */
#ifndef ARTEL_TESTS_SOAK_PEOPLE_H
#define ARTEL_TESTS_SOAK_PEOPLE_H

struct soak;

/* Owners, what packages need, who may change them. */
void people_make(struct soak *k);
/* One thing that one of them does. */
void people_act(struct soak *k);
/* Nothing is held, limited or kept from its builders any more. */
void people_calm(struct soak *k);

#endif
