/*
 * One export of gear while it runs, shared by the files that execute the
 * rules: the trees it reads from, the folder it writes into, what it has spent.
 */
#ifndef ARTEL_SOURCE_GEAR_EXPORT_H
#define ARTEL_SOURCE_GEAR_EXPORT_H

#include <stdint.h>
#include <sys/types.h>

#include <git2.h>

#include "base/map.h"
#include "base/str.h"
#include "source/gear-rules.h"
#include "source/gear.h"
#include "source/git.h"
#include "source/tag.h"

struct archive;

struct export {
	git_repository *repo;		/* in memory: the user's objects, nobody's configuration */
	git_odb *odb;			/* the user's objects */
	const struct tag *tag;
	git_oid main;			/* the root tree of the tag's commit */
	int dir;			/* where files go */
	struct gear *out;
	struct gear_rules rules;
	struct map bases;		/* names of bases resolved; their indices are those of roots */
	VEC(git_oid) roots;
	char *tags_dir;			/* folder of the stored tags; NULL: there is none */
	char *spec_path;		/* in the main tree */
	struct map names;		/* of the files written, in lower case; their indices are those of origins */
	struct strs origins;		/* what wrote them */
	int64_t files;			/* spent of GEAR_MAX_FILES */
	int64_t bytes;			/* spent of GEAR_MAX_BYTES */
	int64_t seen;			/* spent of GEAR_MAX_SEEN */
};

void export_fini(struct export *x);
AUTO_DEFINE_EMBEDDED(struct export, export_fini);

/* gear-tree.c: reading */

enum { GEAR_ABSENT = 1 };

/* Load a folder, having checked its size, what was seen so far, and every name. The caller frees *out. */
int export_folder(struct export *x, const git_oid *id, git_tree **out, struct err *err);
/*
 * Find a path below a root tree; "." is the tree itself. 0 and the entry's id and mode, or
 * GEAR_ABSENT (err says what is not there). Symbolic links and submodules on the way are errors.
 */
int export_find(struct export *x, const git_oid *root, const char *path, git_oid *id, git_filemode_t *mode,
	struct err *err);
/* The same for a folder: anything else in its place is GEAR_ABSENT. */
int export_find_folder(struct export *x, const git_oid *root, const char *path, git_oid *id, struct err *err);
/* The text of a plain file of the main tree, or GEAR_ABSENT. A link, a folder, a NUL inside are errors. */
int export_text(struct export *x, const char *path, struct str *out, struct err *err);
/* The root tree that the base of a tree path names: ".", a commit id or a stored tag. */
int export_base(struct export *x, const char *base, git_oid *root, struct err *err);
/* Count files and bytes against the limits. */
int export_count(struct export *x, int64_t files, int64_t bytes, struct err *err);
/* Load a file's content, counted as one of both. The caller frees *out. */
int export_blob(struct export *x, const git_oid *id, git_odb_object **out, struct err *err);

/* Call fn for everything below a tree but the folders, in git's order. */
typedef int export_walk_fn(void *arg, const char *path, const git_oid *id, git_filemode_t mode, struct err *err);
int export_walk(struct export *x, const git_oid *root, export_walk_fn *fn, void *arg, struct err *err);

/* gear-output.c: writing */

enum output_format { OUTPUT_PLAIN, OUTPUT_TAR, OUTPUT_ZIP };

/* One file being written: plainly, through a compressor, or as an archive. */
struct output {
	struct archive *archive;	/* NULL: plainly */
	enum output_format format;
	int fd;
	int64_t when;			/* time of the file and of all members */
	char *name;
};

#define OUTPUT_INIT {.fd = -1}

void output_fini(struct output *o);
AUTO_DEFINE_EMBEDDED(struct output, output_fini);

/*
 * Claim a name in the output folder for `origin`. OUTPUT_DONE: the same origin has it already, so
 * there is nothing to do. -1: the name is not allowed, or taken by another origin.
 */
enum { OUTPUT_DONE = 1 };
int output_claim(struct export *x, const char *name, const char *origin, struct err *err);

struct output_how {
	enum output_format format;
	enum compression compression;
	int level;			/* 0: the usual one */
	bool executable;
};

/* Start a file whose name was claimed. */
int output_open(struct export *x, const char *name, const struct output_how *how, struct output *o, struct err *err);
int output_write(struct output *o, const void *data, size_t n, struct err *err);
/* Add a member to an archive; data is a link's target if the mode says so, and nothing for a folder. */
int output_member(struct output *o, const char *path, git_filemode_t mode, const void *data, size_t n, struct err *err);
/* Finish it: only now is the file whole, and listed in out->files. */
int output_close(struct export *x, struct output *o, struct err *err);

/* The rules: gear-copy.c, gear-archive.c, gear-diff.c */

int export_copy(struct export *x, const struct rule *r, struct err *err);
int export_archive(struct export *x, const struct rule *r, struct err *err);
int export_diff(struct export *x, const struct rule *r, struct err *err);

/* A tree path with its keywords replaced and its base resolved. */
struct export_tree {
	char *path;
	char *dir;		/* last component of path; NULL if that is "." */
	char *base;		/* as written, keywords not yet replaced */
	git_oid id;
};

void export_tree_fini(struct export_tree *t);
AUTO_DEFINE_EMBEDDED(struct export_tree, export_tree_fini);

enum { KEYWORD_NAME, KEYWORD_VERSION, KEYWORD_RELEASE, KEYWORD_DIR, KEYWORD_OLD_DIR, KEYWORD_NEW_DIR, KEYWORDS };

/* The keywords of the spec; with spec=, what that file says wins. */
struct export_keywords {
	struct gear_keyword list[KEYWORDS];
	struct spec spec;	/* of spec= */
};

void export_keywords_fini(struct export_keywords *k);
AUTO_DEFINE_EMBEDDED(struct export_keywords, export_keywords_fini);

int export_keywords(struct export *x, const char *spec, struct export_keywords *k, struct err *err);
/* Replace them in an argument of a rule; the caller frees *out. */
int export_expand(const struct export_keywords *k, const char *text, char **out, struct err *err);
/* Take a tree path apart, replacing the keywords of its path. */
int export_tree_parse(const char *text, const struct export_keywords *k, struct export_tree *t, struct err *err);
/* Find its tree, replacing the keywords of its base: 0, or GEAR_ABSENT if the base has no such folder. */
int export_tree_find(struct export *x, const struct export_keywords *k, struct export_tree *t, struct err *err);

#endif
