/*
 * What a dynamic ELF file gives to others and wants of them, as the dynamic
 * loader sees it. A symbol is "name@VERSION", or "name" where it has no version.
 */
#ifndef ARTEL_PACKAGE_ELF_H
#define ARTEL_PACKAGE_ELF_H

#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/str.h"

/*
 * ELF_NOTHING: no ELF file, or one that has no dynamic section, or says nothing in it.
 * ELF_BROKEN: cannot be trusted, or is beyond a limit.
 */
enum { ELF_NOTHING = 1, ELF_BROKEN = 2 };

enum {
	ELF_NAME_MAX = 64 << 10,	/* bytes of one name */
	ELF_TEXT_MAX = 64 << 20,	/* bytes of all names of a file, each counted with 16 more */
};

/* The lists are sorted and have no duplicates. */
struct elf_facts {
	uint32_t machine;	/* EM_*: only files of one machine and class are loaded together */
	uint32_t bits;		/* 32 or 64 */
	char *soname;		/* "" if none */
	char *runpath;		/* DT_RUNPATH or DT_RPATH, "" if none; NULL where facts were unpacked: it is not kept */
	struct strs needed;	/* sonames */
	struct strs defines;
	struct strs uses;	/* what must be found; weak references need not be */
};

void elf_facts_fini(struct elf_facts *e);
AUTO_DEFINE_EMBEDDED(struct elf_facts, elf_facts_fini);

/*
 * Read one file's bytes, which may be anything; they are not changed. 0 with
 * *out filled; ELF_NOTHING; or ELF_BROKEN with *why, a sentence (not to be
 * freed). In the last two cases *out stays empty.
 */
int elf_facts_read(const void *data, size_t n, struct elf_facts *out, const char **why);

#endif
