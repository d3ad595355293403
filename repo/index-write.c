/*
 * The writer interns as it goes and knows lists only by their owner; the end
 * turns them round (who provides a name, who asks for it, who requires what) by
 * counting: first how many, then where each run begins, then what is in it.
 */
#include <string.h>
#include <sys/stat.h>

#include <rpm/rpmfiles.h>

#include "base/alloc.h"
#include "base/err.h"
#include "package/facts.h"
#include "package/version.h"
#include "repo/index-write.h"

void
index_writer_fini(struct index_writer *w)
{
	str_fini(&w->text);
	vec_fini(&w->packages);
	vec_fini(&w->hashes);
	vec_fini(&w->provides);
	vec_fini(&w->requires);
	vec_fini(&w->conflicts);
	vec_fini(&w->keys);
	vec_fini(&w->requirements);
	vec_fini(&w->versions);
	vec_fini(&w->rich);
	vec_fini(&w->rich_children);
	vec_fini(&w->paths);
	free(w->key_slots.p);
	free(w->requirement_slots.p);
	free(w->version_slots.p);
	*w = (struct index_writer){0};
}

static uint32_t
put_text(struct index_writer *w, const char *text, size_t n)
{
	uint32_t at = (uint32_t)w->text.n;

	str_put(&w->text, text, n);
	str_putc(&w->text, '\0');
	return at;
}

static bool
slots_suffice(const struct slots *s, size_t entries)
{
	return s->n && (entries + 1) * 2 <= s->n;
}

/* Make room for one more entry; the hash of entry i is asked of the caller when all move. */
static void
slots_reserve(struct slots *s, size_t entries, const uint32_t *hash, size_t stride)
{
	size_t want;

	if (slots_suffice(s, entries))
		return;
	want = index_slots(entries + 1);
	free(s->p);
	s->n = want;
	s->p = xcalloc(want, sizeof(*s->p));
	memset(s->p, 0xff, want * sizeof(*s->p));
	for (uint32_t i = 0; i < entries; i++, hash += stride) {
		size_t at = *hash & (want - 1);

		while (s->p[at] != INDEX_NONE)
			at = (at + 1) & (want - 1);
		s->p[at] = i;
	}
}

/* Offset 0 is the empty text, version 0 is none. */
static void
begin(struct index_writer *w)
{
	if (w->text.n)
		return;
	put_text(w, "", 0);
	vec_push(&w->versions, ((struct index_version){.hash = index_text_hash("")}));
	slots_reserve(&w->version_slots, 1, &w->versions.p[0].hash, 1);
}

uint32_t
index_writer_key(const struct index_writer *w, const char *text)
{
	uint32_t hash = index_text_hash(text);

	for (size_t i = hash; w->key_slots.n; i++) {
		uint32_t at = w->key_slots.p[i & (w->key_slots.n - 1)];

		if (at == INDEX_NONE || (w->keys.p[at].hash == hash && strcmp(w->text.p + w->keys.p[at].text, text) == 0))
			return at;
	}
	return INDEX_NONE;
}

static uint32_t
intern_key(struct index_writer *w, const char *text)
{
	uint32_t hash = index_text_hash(text), id = (uint32_t)w->keys.n;
	size_t i = hash;

	begin(w);
	slots_reserve(&w->key_slots, w->keys.n, w->keys.n ? &w->keys.p[0].hash : NULL, sizeof(*w->keys.p) / sizeof(uint32_t));
	for (;; i++) {
		uint32_t at = w->key_slots.p[i & (w->key_slots.n - 1)];

		if (at == INDEX_NONE)
			break;
		if (w->keys.p[at].hash == hash && strcmp(w->text.p + w->keys.p[at].text, text) == 0)
			return at;
	}
	w->key_slots.p[i & (w->key_slots.n - 1)] = id;
	vec_push(&w->keys, ((struct index_key){.text = put_text(w, text, strlen(text)), .hash = hash,
	    .named = INDEX_NONE, .of_source = INDEX_NONE}));
	return id;
}

static uint32_t
put_normal(struct index_writer *w, const char *text, size_t n)
{
	uint32_t at = (uint32_t)w->text.n;

	version_normal(&w->text, text, n);
	str_putc(&w->text, '\0');
	return at;
}

static uint32_t
intern_version(struct index_writer *w, const char *evr)
{
	uint32_t hash = index_text_hash(evr), id;
	struct version_parts parts;
	struct index_version v = {.hash = hash};
	size_t i = hash;

	begin(w);
	id = (uint32_t)w->versions.n;
	if (!*evr)
		return 0;
	slots_reserve(&w->version_slots, w->versions.n, &w->versions.p[0].hash, sizeof(*w->versions.p) / sizeof(uint32_t));
	for (;; i++) {
		uint32_t at = w->version_slots.p[i & (w->version_slots.n - 1)];

		if (at == INDEX_NONE)
			break;
		if (w->versions.p[at].hash == hash && strcmp(w->text.p + w->versions.p[at].text, evr) == 0)
			return at;
	}
	w->version_slots.p[i & (w->version_slots.n - 1)] = id;
	parts = version_split(evr);
	v.text = put_text(w, evr, strlen(evr));
	v.epoch = parts.epoch;
	v.v = put_normal(w, parts.version, parts.version_n);
	v.r = parts.release ? put_normal(w, parts.release, parts.release_n) : 0;
	vec_push(&w->versions, v);
	return id;
}

uint32_t
index_add_package(struct index_writer *w, const struct index_names *names)
{
	struct index_package p = {.name = intern_key(w, names->name),
	    .evr = intern_version(w, names->evr), .next_named = INDEX_NONE, .next_of_source = INDEX_NONE,
	    .provides.at = (uint32_t)w->provides.n, .requires.at = (uint32_t)w->requires.n, .conflicts.at = (uint32_t)w->conflicts.n};
	struct index_hashes h;
	const struct index_package *before = w->packages.n ? &w->packages.p[w->packages.n - 1] : NULL;

	p.source = strcmp(names->source, names->name) == 0 ? p.name : intern_key(w, names->source);
	/* Neighbours are mostly of one architecture. */
	p.arch = before && strcmp(w->text.p + before->arch, names->arch) == 0 ? before->arch :
	    put_text(w, names->arch, strlen(names->arch));
	p.file = put_text(w, names->file, strlen(names->file));
	index_hash(h.rpm, names->sha256);
	index_hash(h.facts, names->facts_sha);
	vec_push(&w->hashes, h);
	vec_push(&w->packages, p);
	return (uint32_t)w->packages.n - 1;
}

void
index_add_provide(struct index_writer *w, const char *name, const char *evr, uint32_t flags)
{
	uint32_t key = intern_key(w, name), version = intern_version(w, evr);

	vec_push(&w->provides, ((struct index_relation){key, version, flags & DEP_COMPARE}));
	w->packages.p[w->packages.n - 1].provides.n++;
}

void
index_add_conflict(struct index_writer *w, const char *name, const char *evr, uint32_t flags)
{
	uint32_t key = intern_key(w, name), version = intern_version(w, evr);

	vec_push(&w->conflicts, ((struct index_relation){key, version, flags & (DEP_COMPARE | RELATION_OBSOLETES)}));
	w->packages.p[w->packages.n - 1].conflicts.n++;
}

/* The node's number; its children are numbered behind it. */
static uint32_t
put_rich(struct index_writer *w, const struct rich *r)
{
	uint32_t at = (uint32_t)w->rich.n;
	struct index_rich node = {.op = r->op, .children.n = (uint32_t)r->n};
	uint32_t children;

	if (r->op == RICH_SIMPLE) {
		node.key = intern_key(w, r->dep.name);
		node.version = intern_version(w, r->dep.evr);
		node.flags = r->dep.flags & DEP_COMPARE;
		w->keys.p[node.key].wanted_path |= r->dep.name[0] == '/';
	}
	children = node.children.at = (uint32_t)w->rich_children.n;
	vec_push(&w->rich, node);
	for (size_t i = 0; i < r->n; i++)
		vec_push(&w->rich_children, 0u);
	for (size_t i = 0; i < r->n; i++) {
		uint32_t child = put_rich(w, r->child[i]);

		w->rich_children.p[children + i] = child;
	}
	return at;
}

static uint32_t
intern_requirement(struct index_writer *w, const char *name, uint32_t key, uint32_t version, uint32_t flags)
{
	uint32_t id = (uint32_t)w->requirements.n, hash = index_triple_hash(key, version, flags);
	size_t i = hash;
	struct index_requirement q = {.key = key, .version = version, .flags = flags, .requirers = {INDEX_NONE, 0}};
	struct rich *rich = NULL;
	struct err ignored;

	if (!slots_suffice(&w->requirement_slots, w->requirements.n)) {
		AUTO(free) uint32_t *hashes = xcalloc(w->requirements.n + 1, sizeof(*hashes));

		for (size_t k = 0; k < w->requirements.n; k++)
			hashes[k] = index_triple_hash(w->requirements.p[k].key, w->requirements.p[k].version, w->requirements.p[k].flags);
		slots_reserve(&w->requirement_slots, w->requirements.n, hashes, 1);
	}
	for (;; i++) {
		uint32_t at = w->requirement_slots.p[i & (w->requirement_slots.n - 1)];

		if (at == INDEX_NONE)
			break;
		if (w->requirements.p[at].key == key && w->requirements.p[at].version == version && w->requirements.p[at].flags == flags)
			return at;
	}
	w->requirement_slots.p[i & (w->requirement_slots.n - 1)] = id;
	/* A rich one that cannot be parsed stays a name that nobody provides: an unmet. */
	if (name[0] == '(' && (rich = rich_parse(name, &ignored)))
		q.rich = 1 + put_rich(w, rich);
	rich_free(rich);
	vec_push(&w->requirements, q);
	return id;
}

void
index_add_require(struct index_writer *w, const char *name, const char *evr, uint32_t flags)
{
	uint32_t package = (uint32_t)w->packages.n - 1, key, version, q;

	if (flags & DEP_RPMLIB || strncmp(name, "rpmlib(", 7) == 0)
		return;
	key = intern_key(w, name);
	version = intern_version(w, evr);
	w->keys.p[key].wanted_path |= name[0] == '/';
	q = intern_requirement(w, name, key, version, version ? flags & DEP_COMPARE : 0);
	/* Said twice is said once: until the end, a requirement remembers who asked last. */
	if (w->requirements.p[q].requirers.at == package)
		return;
	w->requirements.p[q].requirers.at = package;
	vec_push(&w->requires, q);
	w->packages.p[package].requires.n++;
}

void
index_add_path(struct index_writer *w, uint32_t package, uint64_t hash, uint32_t print)
{
	vec_push(&w->paths, ((struct index_path){hash, package, print}));
}

uint32_t
index_print(const struct fact_file *f)
{
	if (f->flags & RPMFILE_GHOST)
		return PRINT_FREE;
	if (S_ISDIR(f->mode))
		return PRINT_FOLDER;
	/* Metadata without RPMs tell neither mode nor content. */
	if (f->mode == 0)
		return PRINT_UNKNOWN;
	return index_print_hash(f->mode & S_IFMT, S_ISREG(f->mode) ? f->size : 0, f->content);
}

/* The end. */

struct turned {
	struct index_path *wanted;	/* hash of each wanted path and its key */
	size_t n_wanted;
	uint32_t *path_starts;
	size_t n_path_starts;
	VEC(struct index_provider) of_paths;	/* .package has the wanted path .version */
	struct index_provider *providers;
	size_t n_providers;
	uint32_t *askers;
	size_t n_askers;
	uint32_t *requirers;
};

static int
by_hash(const void *a, const void *b)
{
	const struct index_path *x = a, *y = b;

	return x->hash < y->hash ? -1 : x->hash > y->hash ? 1 : x->package < y->package ? -1 : x->package > y->package;
}

/* Hashes are evenly spread: into buckets of eight or so, then each bucket in order. */
static void
sort_paths(struct index_writer *w, struct turned *t)
{
	unsigned shift = 64 - index_path_bits(w->paths.n);
	size_t n = t->n_path_starts = (size_t)1 << index_path_bits(w->paths.n);
	struct index_path *sorted = xcalloc(w->paths.n + 1, sizeof(*sorted));
	uint32_t *start = t->path_starts = xcalloc(n + 1, sizeof(*start)), sum = 0;

	for (size_t i = 0; i < w->paths.n; i++)
		start[w->paths.p[i].hash >> shift]++;
	for (size_t i = 0; i <= n; i++) {
		uint32_t here = start[i];

		start[i] = sum;
		sum += i < n ? here : 0;
	}
	for (size_t i = 0; i < w->paths.n; i++)
		sorted[start[w->paths.p[i].hash >> shift]++] = w->paths.p[i];
	/* Every start has moved to the next one. */
	memmove(start + 1, start, n * sizeof(*start));
	start[0] = 0;
	for (size_t b = 0; b < n; b++)
		if (start[b + 1] - start[b] > 1)
			qsort(sorted + start[b], start[b + 1] - start[b], sizeof(*sorted), by_hash);
	free(w->paths.p);
	w->paths.p = sorted;
	w->paths.cap = w->paths.n + 1;
}

static void
find_wanted(struct index_writer *w, struct turned *t)
{
	VEC(struct index_path) wanted = {0};

	for (uint32_t k = 0; k < w->keys.n; k++) {
		const char *text = w->text.p + w->keys.p[k].text;

		if (w->keys.p[k].wanted_path)
			vec_push(&wanted, ((struct index_path){index_path_hash(text, strlen(text)), k, 0}));
	}
	if (wanted.n)
		qsort(wanted.p, wanted.n, sizeof(*wanted.p), by_hash);
	t->wanted = wanted.p;
	t->n_wanted = wanted.n;
	for (size_t i = 0; i < wanted.n; i++)
		for (size_t at = t->path_starts[wanted.p[i].hash >> (64 - index_path_bits(w->paths.n))];
		    at < w->paths.n && w->paths.p[at].hash <= wanted.p[i].hash; at++)
			if (w->paths.p[at].hash == wanted.p[i].hash)
				vec_push(&t->of_paths, ((struct index_provider){w->paths.p[at].package, wanted.p[i].package, 0}));
}

static int
by_package(const void *a, const void *b)
{
	const struct index_provider *x = a, *y = b;

	return x->package != y->package ? (x->package < y->package ? -1 : 1) : (x->version > y->version) - (x->version < y->version);
}

/* Each package's wanted paths stand behind its other provides. */
static void
merge_paths(struct index_writer *w, struct turned *t)
{
	__typeof__(w->provides) all = {0};
	size_t k = 0;

	if (t->of_paths.n == 0)
		return;
	qsort(t->of_paths.p, t->of_paths.n, sizeof(*t->of_paths.p), by_package);
	vec_reserve(&all, w->provides.n + t->of_paths.n);
	for (uint32_t i = 0; i < w->packages.n; i++) {
		struct index_run *run = &w->packages.p[i].provides;
		uint32_t at = (uint32_t)all.n;

		for (uint32_t j = 0; j < run->n; j++)
			vec_push(&all, w->provides.p[run->at + j]);
		for (; k < t->of_paths.n && t->of_paths.p[k].package == i; k++)
			vec_push(&all, ((struct index_relation){t->of_paths.p[k].version, 0, RELATION_FILE}));
		*run = (struct index_run){at, (uint32_t)all.n - at};
	}
	vec_fini(&w->provides);
	w->provides = all;
}

static void
turn_provides(struct index_writer *w, struct turned *t)
{
	uint32_t sum = 0;

	t->n_providers = w->provides.n;
	t->providers = xcalloc(w->provides.n + 1, sizeof(*t->providers));
	for (size_t i = 0; i < w->provides.n; i++)
		w->keys.p[w->provides.p[i].key].providers.n++;
	for (size_t k = 0; k < w->keys.n; k++) {
		w->keys.p[k].providers.at = sum;
		sum += w->keys.p[k].providers.n;
		w->keys.p[k].providers.n = 0;
	}
	for (uint32_t i = 0; i < w->packages.n; i++)
		for (uint32_t j = 0; j < w->packages.p[i].provides.n; j++) {
			const struct index_relation *r = &w->provides.p[w->packages.p[i].provides.at + j];
			struct index_run *run = &w->keys.p[r->key].providers;

			t->providers[run->at + run->n++] = (struct index_provider){i, r->version, r->flags};
		}
}

/* Call fn with each name that a requirement speaks of. */
static void
each_name(const struct index_writer *w, const struct index_requirement *q, void (*fn)(void *arg, uint32_t key), void *arg)
{
	uint32_t node = q->rich - 1;

	if (!q->rich) {
		fn(arg, q->key);
		return;
	}
	/* A tree is numbered through: it ends where the next root begins, behind its last child. */
	for (uint32_t last = node; node <= last; node++) {
		const struct index_rich *r = &w->rich.p[node];

		if (r->op == RICH_SIMPLE)
			fn(arg, r->key);
		for (uint32_t i = 0; i < r->children.n; i++)
			if (w->rich_children.p[r->children.at + i] > last)
				last = w->rich_children.p[r->children.at + i];
	}
}

struct asking {
	struct index_writer *w;
	struct turned *t;
	uint32_t requirement;
};

static void
count_asker(void *arg, uint32_t key)
{
	struct asking *a = arg;

	a->w->keys.p[key].askers.n++;
	a->t->n_askers++;
}

static void
put_asker(void *arg, uint32_t key)
{
	struct asking *a = arg;
	struct index_run *run = &a->w->keys.p[key].askers;

	a->t->askers[run->at + run->n++] = a->requirement;
}

static void
turn_askers(struct index_writer *w, struct turned *t)
{
	struct asking a = {w, t, 0};
	uint32_t sum = 0;

	for (size_t q = 0; q < w->requirements.n; q++)
		each_name(w, &w->requirements.p[q], count_asker, &a);
	t->askers = xcalloc(t->n_askers + 1, sizeof(*t->askers));
	for (size_t k = 0; k < w->keys.n; k++) {
		w->keys.p[k].askers.at = sum;
		sum += w->keys.p[k].askers.n;
		w->keys.p[k].askers.n = 0;
	}
	for (; a.requirement < w->requirements.n; a.requirement++)
		each_name(w, &w->requirements.p[a.requirement], put_asker, &a);
}

static void
turn_requires(struct index_writer *w, struct turned *t)
{
	uint32_t sum = 0;

	t->requirers = xcalloc(w->requires.n + 1, sizeof(*t->requirers));
	for (size_t i = 0; i < w->requires.n; i++)
		w->requirements.p[w->requires.p[i]].requirers.n++;
	for (size_t q = 0; q < w->requirements.n; q++) {
		w->requirements.p[q].requirers.at = sum;
		sum += w->requirements.p[q].requirers.n;
		w->requirements.p[q].requirers.n = 0;
	}
	for (uint32_t i = 0; i < w->packages.n; i++)
		for (uint32_t j = 0; j < w->packages.p[i].requires.n; j++) {
			struct index_run *run = &w->requirements.p[w->requires.p[w->packages.p[i].requires.at + j]].requirers;

			t->requirers[run->at + run->n++] = i;
		}
}

static void
chain_packages(struct index_writer *w)
{
	for (uint32_t i = (uint32_t)w->packages.n; i-- > 0;) {
		struct index_package *p = &w->packages.p[i];

		p->next_named = w->keys.p[p->name].named;
		w->keys.p[p->name].named = i;
		p->next_of_source = w->keys.p[p->source].of_source;
		w->keys.p[p->source].of_source = i;
	}
}

int
index_write(struct index_writer *w, struct index *out, struct err *err)
{
	struct turned t = {0};
	uint32_t *satisfied = xcalloc(w->requirements.n + 1, sizeof(*satisfied));
	struct index_image image;
	int r;

	begin(w);
	sort_paths(w, &t);
	find_wanted(w, &t);
	merge_paths(w, &t);
	turn_provides(w, &t);
	turn_askers(w, &t);
	turn_requires(w, &t);
	chain_packages(w);
	image = (struct index_image){.part = {
		{w->text.p, w->text.n}, {w->packages.p, w->packages.n}, {w->hashes.p, w->hashes.n},
		{w->provides.p, w->provides.n}, {w->requires.p, w->requires.n}, {w->conflicts.p, w->conflicts.n},
		{w->keys.p, w->keys.n}, {w->key_slots.p, w->key_slots.n}, {t.providers, t.n_providers}, {t.askers, t.n_askers},
		{w->requirements.p, w->requirements.n}, {w->requirement_slots.p, w->requirement_slots.n},
		{t.requirers, w->requires.n}, {satisfied, w->requirements.n}, {w->versions.p, w->versions.n},
		{w->version_slots.p, w->version_slots.n}, {w->rich.p, w->rich.n}, {w->rich_children.p, w->rich_children.n},
		{t.wanted, t.n_wanted}, {w->paths.p, w->paths.n}, {t.path_starts, t.n_path_starts},
	}};
	r = index_join(&image, out, err);
	free(t.wanted);
	free(t.path_starts);
	vec_fini(&t.of_paths);
	free(t.providers);
	free(t.askers);
	free(t.requirers);
	free(satisfied);
	index_writer_fini(w);
	return r;
}
