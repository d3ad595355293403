/* A fuzz target is one function: an engine calls it with bytes of its own making, replay.c with those of a corpus. */
#ifndef ARTEL_TESTS_FUZZ_FUZZ_H
#define ARTEL_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
