/*
 * Facts: all that is ever asked about a binary package after it was built,
 * computed once by the builder and stored as an artefact. The merger opens no RPM.
 */
#ifndef ARTEL_PACKAGE_FACTS_H
#define ARTEL_PACKAGE_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/str.h"
#include "package/depend.h"
#include "package/elf.h"

struct err;

enum { FACTS_VERSION = 3, FACTS_MAX = 512 << 20 };

enum dep_kind { DEP_PROVIDES, DEP_REQUIRES, DEP_CONFLICTS, DEP_OBSOLETES, DEP_KINDS };

struct dep_list {
	struct dep *p;
	size_t n, cap;
};

struct fact_file {
	char *path;
	uint32_t mode;			/* st_mode */
	uint32_t flags;			/* RPMFILE_* */
	uint64_t size;
	char *content;			/* hex digest of a file, target of a symlink, else "" */
};

/* A dynamic ELF file. */
struct elf_file {
	char *path;
	char *note;			/* why nothing is known of it; "" if all is well */
	struct elf_facts facts;
};

void elf_file_fini(struct elf_file *e);

struct facts {
	char *name, *epoch, *version, *release, *arch;	/* epoch "" if none */
	char *evr;			/* derived */
	char *source;			/* name of the source package */
	char *srpm;			/* file name of the source RPM, "" if it has none; only of what was read from an RPM, else NULL */
	char *file;			/* file name of the RPM */
	char *sha256;			/* of the RPM */
	int64_t build_time;		/* Unix seconds */
	struct dep_list dep[DEP_KINDS];
	struct {
		struct fact_file *p;
		size_t n, cap;
	} files;
	char *primary, *filelists, *other;	/* rpm-md records; "" in a saved index */
	bool elf_known;			/* false: facts of version 1, of a saved index, of metadata */
	struct {
		struct elf_file *p;	/* by path, each once; only those that have something to say */
		size_t n, cap;
	} elf;
	char *identity;			/* see package/identity.h; "" or NULL if unknown: facts of versions 1 and 2 */
};

void facts_fini(struct facts *f);
AUTO_DEFINE_EMBEDDED(struct facts, facts_fini);

/*
 * Packed as the lowest version that has all that is known: 2 with the ELF files, 3 with the identity
 * as well. All are read.
 */
void facts_pack(struct str *out, const struct facts *f);
int facts_unpack(const void *data, size_t n, struct facts *f, struct err *err);
/* Only what publishing needs; it points into data. */
struct fact_record {
	const char *p;
	size_t n;
};
struct fact_records {
	struct fact_record sha256, primary, filelists, other;
};
int facts_unpack_records(const void *data, size_t n, struct fact_records *out, struct err *err);
/* The same, but the ELF files are passed over, and not known then: they are most of the work. */
int facts_unpack_no_elf(const void *data, size_t n, struct facts *f, struct err *err);

/*
 * Read an RPM file, its payload too; its location in a repository is
 * Packages/<x>/<8 hex>/<file>. librpm, libcreaterepo_c and libelf parse it: call it
 * in a sandbox for RPMs from strangers. After an error f->sha256 is set if the file
 * could be read at all.
 */
int facts_from_rpm(const char *path, const char *file, struct facts *out, struct err *err);
/* "h/1234abcd/hello-1-1.x86_64.rpm": where a package lies below Packages/ and in the pool. malloc'ed. */
char *facts_location(const char *file, const char *sha256);

/* What a source RPM says. */
struct srpm_facts {
	char *name, *evr;
	char *arch;				/* where it was made, as rpm says it; noarch if that is what it builds */
	struct strs requires;			/* BuildRequires as text, as they were there */
	struct strs exclusive, excluded;	/* ExclusiveArch, ExcludeArch */
};
void srpm_facts_fini(struct srpm_facts *f);
AUTO_DEFINE_EMBEDDED(struct srpm_facts, srpm_facts_fini);
int facts_from_srpm(const char *path, struct srpm_facts *out, struct err *err);

/* Two noarch packages built on different architectures: 0 if the same, 1 and what differs (malloc'ed). */
int facts_differ(const struct facts *a, const struct facts *b, char **what);

#endif
