/*
 * Facts: all that is ever asked about a binary package after it was built,
 * computed once by the builder and stored as an artefact. The merger opens no RPM.
 */
#ifndef ARTEL_PACKAGE_FACTS_H
#define ARTEL_PACKAGE_FACTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"
#include "package/depend.h"

struct err;
struct str;
struct strs;

enum { FACTS_VERSION = 1, FACTS_MAX = 512 << 20 };

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

struct facts {
	char *name, *epoch, *version, *release, *arch;	/* epoch "" if none */
	char *evr;			/* derived */
	char *source;			/* name of the source package */
	char *file;			/* file name of the RPM */
	char *sha256;			/* of the RPM */
	int64_t build_time;		/* Unix seconds */
	struct dep_list dep[DEP_KINDS];
	struct {
		struct fact_file *p;
		size_t n, cap;
	} files;
	char *primary, *filelists, *other;	/* rpm-md records; "" in a saved index */
};

void facts_fini(struct facts *f);
AUTO_DEFINE_EMBEDDED(struct facts, facts_fini);

void facts_pack(struct str *out, const struct facts *f);
int facts_unpack(const void *data, size_t n, struct facts *f, struct err *err);
/* Without the rpm-md records, and back: for a saved repository. */
struct unpack;
void facts_pack_core(struct str *out, const struct facts *f);
void facts_unpack_core(struct unpack *u, struct facts *f);

/*
 * Read an RPM file; its location in a repository is Packages/<x>/<8 hex>/<file>.
 * librpm and libcreaterepo_c parse it: call it in a sandbox for RPMs from strangers.
 */
int facts_from_rpm(const char *path, const char *file, struct facts *out, struct err *err);
/* "h/1234abcd/hello-1-1.x86_64.rpm": where a package lies below Packages/ and in the pool. malloc'ed. */
char *facts_location(const char *file, const char *sha256);

/* What a source RPM says: its name, EVR, BuildRequires as text, and ExclusiveArch. */
int facts_from_srpm(const char *path, char **name, char **evr, struct strs *requires, struct strs *arches,
	struct err *err);

/* Two noarch packages built on different architectures: 0 if the same, 1 and what differs (malloc'ed). */
int facts_differ(const struct facts *a, const struct facts *b, char **what);

#endif
