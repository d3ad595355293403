/*
 * Publishes one state after another as fast as it can, each with `latest` on it:
 *
 *   publish-states ROOT COUNT [gz|zstd [FILE]]
 *
 * COUNT states, and then, with FILE, more until there is such a file. All packages m0 ... m9 of a state have the
 * state's serial as their version, among 300 that do not change: who reads a mixture sees it. Prints how many.
 */
#include "repo/test-records.h"

#include <time.h>

enum { STILL = 300, MOVING = 10 };

static void
set_move(struct set *s, int dir, int64_t serial)
{
	for (size_t i = s->n; i-- > 0; )
		if (s->p[i].name[0] == 'm')
			set_remove(s, i);
	for (int i = 0; i < MOVING; i++) {
		char name[16];

		snprintf(name, sizeof(name), "m%d", i);
		set_add(s, dir, name, (int)serial);
	}
}

int
main(int argc, char **argv)
{
	AUTO(set_fini) struct set s = {0};
	AUTO(close) int dir = -1;
	int64_t count = argc > 2 ? atoll(argv[2]) : 0, serial = 0;
	struct publish how = {.repository = "test", .how = argc > 3 ? (enum publish_compression)compression_find(argv[3]) : PUBLISH_GZ};
	struct published was, now;
	struct err err = {0};

	dir = argc > 2 ? file_open_dir(AT_FDCWD, argv[1], &err) : -1;
	if (dir < 0 || file_mkdirs(dir, "artefact", &err) < 0)
		return 2;
	for (int i = 0; i < STILL; i++) {
		char name[16];

		snprintf(name, sizeof(name), "s%03d", i);
		set_add(&s, dir, name, 1);
	}
	while (serial < count || (argc > 4 && access(argv[4], F_OK) < 0)) {
		set_move(&s, dir, ++serial);
		how.before = serial > 1 ? &was : NULL;
		how.when = time(NULL);
		if (set_publish(&s, dir, how, serial, &now, &err) < 0 ||
		    publish_switch(dir, "test", "x86_64", serial, &err) < 0) {
			fprintf(stderr, "publish-states: %s\n", err.msg);
			return 1;
		}
		was = now;
	}
	printf("%lld\n", (long long)serial);
	return 0;
}
