/*
 * What each check of the package itself looks at. A check knows nothing of levels
 * and of what is allowed: it tells what it finds. %ghost files are in no package,
 * and only their paths and modes are looked at.
 */
#include <rpm/rpmfi.h>
#include <rpm/rpmtd.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/str.h"
#include "base/text.h"
#include "package/evr.h"
#include "package/sanity-look.h"

enum { SUMMARY_MAX = 80, DAY_S = 86400 };

#define found(l, what, ...) sanity_found((l)->out, (l)->policy, (l)->check, (l)->facts->name, what, __VA_ARGS__)

static const char *
text_of(const struct sanity_look *l, rpmTag tag)
{
	const char *text = headerGetString(l->header, tag);

	return text ? text : "";
}

static bool
is_blank(const char *text)
{
	return text[strspn(text, " \t\n")] == '\0';
}

/* A list of folders: the one that the path is, or is below; NULL if none. */
static const char *
below(const char *path, const char *const *folders)
{
	for (; *folders; folders++) {
		size_t n = strlen(*folders);

		if (strncmp(path, *folders, n) == 0 && (path[n] == '/' || path[n] == '\0'))
			return *folders;
	}
	return NULL;
}

/* The package. */

static void
look_name(const struct sanity_look *l)
{
	if (!text_is_name(l->facts->name))
		found(l, l->facts->name, "%s", "");
}

static void
look_version(const struct sanity_look *l)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+~^";
	const char *parts[] = {l->facts->version, l->facts->release};
	int bad;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (!*parts[i] || parts[i][strspn(parts[i], allowed)])
			found(l, l->facts->evr, "%s `%s`", i ? "release" : "version", parts[i]);
	evr_cmp(l->facts->evr, l->facts->evr, &bad);
	if (bad)
		found(l, l->facts->evr, "rpm cannot compare it");
}

static void
look_summary(const struct sanity_look *l)
{
	if (is_blank(text_of(l, RPMTAG_SUMMARY)))
		found(l, "Summary", "%s", "");
}

static void
look_summary_style(const struct sanity_look *l)
{
	const char *s = text_of(l, RPMTAG_SUMMARY);
	size_t n = strlen(s);

	if (is_blank(s))
		return;
	if (s[n - 1] == '.' && (n < 3 || strcmp(s + n - 3, "...") != 0))
		found(l, "Summary", "ends in a dot");
	if (s[0] == ' ' || s[n - 1] == ' ')
		found(l, "Summary", "begins or ends with a blank");
	if (strchr(s, '\n'))
		found(l, "Summary", "has several lines");
	if (text_length(s) > SUMMARY_MAX)
		found(l, "Summary", "has %zu characters", text_length(s));
}

static void
look_description(const struct sanity_look *l)
{
	if (is_blank(text_of(l, RPMTAG_DESCRIPTION)))
		found(l, "%description", "%s", "");
}

static void
look_license(const struct sanity_look *l)
{
	if (is_blank(text_of(l, RPMTAG_LICENSE)))
		found(l, "License", "%s", "");
}

static void
look_changelog(const struct sanity_look *l)
{
	AUTO(rpmtdFree) rpmtd td = rpmtdNew();

	/* Entries are of days without a zone; the newest comes first. */
	if (headerGet(l->header, RPMTAG_CHANGELOGTIME, td, HEADERGET_MINMEM) &&
	    (int64_t)rpmtdGetNumber(td) > l->now_s + DAY_S)
		found(l, "%changelog", "by %lld hours", (long long)((int64_t)rpmtdGetNumber(td) - l->now_s) / 3600);
	rpmtdFreeData(td);
}

static void
look_provides(const struct sanity_look *l)
{
	const struct dep_list *all = &l->facts->dep[DEP_PROVIDES];

	for (size_t i = 0; i < all->n; i++)
		if (!*all->p[i].evr && strcmp(all->p[i].name, l->facts->name) == 0)
			found(l, all->p[i].name, "%s", "");
}

static void
look_obsoletes(const struct sanity_look *l)
{
	const struct dep_list *all = &l->facts->dep[DEP_OBSOLETES];

	for (size_t i = 0; i < all->n; i++)
		if (!*all->p[i].evr)
			found(l, all->p[i].name, "%s", "");
}

static bool
provides(const struct facts *f, const struct dep *wanted)
{
	for (size_t i = 0; i < f->dep[DEP_PROVIDES].n; i++)
		if (dep_match(&f->dep[DEP_PROVIDES].p[i], wanted))
			return true;
	return false;
}

static void
look_self(const struct sanity_look *l)
{
	const struct dep itself = {l->facts->name, l->facts->evr, DEP_EQUAL};

	for (enum dep_kind k = DEP_REQUIRES; k < DEP_KINDS; k++) {
		if (k == DEP_CONFLICTS)		/* rpm lets no package conflict with itself */
			continue;
		for (size_t i = 0; i < l->facts->dep[k].n; i++) {
			const struct dep *d = &l->facts->dep[k].p[i];
			AUTO(str_fini) struct str text = {0};

			if (dep_is_rich(d) || strcmp(d->name, l->facts->name) != 0 ||
			    (k == DEP_REQUIRES ? provides(l->facts, d) : !dep_match(&itself, d)))
				continue;
			dep_text(d, &text);
			found(l, d->name, "%s %s", k == DEP_REQUIRES ? "requires" : "obsoletes", str_c(&text));
		}
	}
}

static void
look_empty(const struct sanity_look *l)
{
	const struct dep_list *all = &l->facts->dep[DEP_REQUIRES];

	if (l->facts->files.n)
		return;
	for (size_t i = 0; i < all->n; i++)
		if (!(all->p[i].flags & DEP_RPMLIB))
			return;
	found(l, l->facts->name, "%s", "");
}

static void
look_elf_broken(const struct sanity_look *l)
{
	for (size_t i = 0; i < l->facts->elf.n; i++)
		if (*l->facts->elf.p[i].note)
			found(l, l->facts->elf.p[i].path, "%s", l->facts->elf.p[i].note);
}

static void
look_elf_location(const struct sanity_look *l)
{
	static const char *const wrong[] = {"/usr/share", "/etc", NULL};

	for (size_t i = 0; i < l->facts->elf.n; i++)
		if (!*l->facts->elf.p[i].note && below(l->facts->elf.p[i].path, wrong))
			found(l, l->facts->elf.p[i].path, "%s", "");
}

static void
look_elf_noarch(const struct sanity_look *l)
{
	if (strcmp(l->facts->arch, "noarch") != 0)
		return;
	for (size_t i = 0; i < l->facts->elf.n; i++)
		if (!*l->facts->elf.p[i].note)
			found(l, l->facts->elf.p[i].path, "%s", "");
}

/* Empty pieces are the current directory. */
static bool
is_bad_runpath(const char *piece, size_t n)
{
	static const char *const wrong[] = {"/tmp", "/var/tmp", "/home", "/root", "/builddir", "/usr/src", "/proc", "/dev", "/run", NULL};
	AUTO(free) char *folder = xstrndup(piece, n);

	if (strncmp(folder, "$ORIGIN", 7) == 0 || strncmp(folder, "${ORIGIN}", 9) == 0)
		return false;
	return *folder != '/' || below(folder, wrong) || strstr(folder, "/BUILDROOT/") || strstr(folder, "/BUILD/");
}

static void
look_runpath(const struct sanity_look *l)
{
	for (size_t i = 0; i < l->facts->elf.n; i++) {
		const char *p = l->facts->elf.p[i].facts.runpath;
		bool bad = false;

		if (!p || !*p)
			continue;
		for (size_t n; !bad; p += n + 1) {
			n = strcspn(p, ":");
			bad = is_bad_runpath(p, n);
			if (p[n] == '\0')
				break;
		}
		if (bad)
			found(l, l->facts->elf.p[i].path, "%s", l->facts->elf.p[i].facts.runpath);
	}
}

/* Each file. */

static void
look_location(const struct sanity_look *l, const struct fact_file *f, int i)
{
	static const char *const right[] = {"/usr", "/etc", "/var", "/opt", "/srv", "/boot", "/bin", "/sbin", "/lib", "/lib32",
	    "/lib64", "/libx32", NULL};
	static const char *const wrong[] = {"/usr/local", "/usr/tmp", "/var/tmp", "/var/run", "/var/lock", NULL};

	if (!(f->flags & RPMFILE_GHOST) && (!below(f->path, right) || below(f->path, wrong)))
		found(l, f->path, "%s", "");
}

static bool
has_control(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return true;
	return false;
}

static void
look_control(const struct sanity_look *l, const struct fact_file *f, int i)
{
	AUTO(str_fini) struct str shown = {0};

	text_printable(&shown, f->path);
	if (has_control(f->path))
		found(l, str_c(&shown), "%s", "");
}

static void
look_encoding(const struct sanity_look *l, const struct fact_file *f, int i)
{
	AUTO(str_fini) struct str shown = {0};

	text_printable(&shown, f->path);
	if (!has_control(f->path) && strcmp(str_c(&shown), f->path) != 0)
		found(l, str_c(&shown), "%s", "");
}

static void
look_device(const struct sanity_look *l, const struct fact_file *f, int i)
{
	if (!S_ISREG(f->mode) && !S_ISDIR(f->mode) && !S_ISLNK(f->mode))
		found(l, f->path, "%s", S_ISCHR(f->mode) || S_ISBLK(f->mode) ? "device" : S_ISFIFO(f->mode) ? "pipe" : "socket");
}

static void
look_world(const struct sanity_look *l, const struct fact_file *f, int i)
{
	if (f->mode & 0002 && (S_ISREG(f->mode) || (S_ISDIR(f->mode) && !(f->mode & S_ISVTX))))
		found(l, f->path, "mode %04o", f->mode & 07777);
}

static void
look_setuid(const struct sanity_look *l, const struct fact_file *f, int i)
{
	if (S_ISREG(f->mode) && f->mode & S_ISUID)
		found(l, f->path, "mode %04o, owner %s", f->mode & 07777, rpmfilesFUser(l->files, i));
}

static void
look_setgid(const struct sanity_look *l, const struct fact_file *f, int i)
{
	/* Without the right to execute it would be for locks, long ago. */
	if (S_ISREG(f->mode) && f->mode & S_ISGID)
		found(l, f->path, "mode %04o, group %s", f->mode & 07777, rpmfilesFGroup(l->files, i));
}

static void
look_permissions(const struct sanity_look *l, const struct fact_file *f, int i)
{
	if ((S_ISREG(f->mode) || S_ISDIR(f->mode)) && !(f->flags & RPMFILE_GHOST) && (f->mode & 07777) == 0)
		found(l, f->path, "%s", "");
}

static void
look_executable(const struct sanity_look *l, const struct fact_file *f, int i)
{
	static const char *const programs[] = {"/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/games", NULL};

	if (S_ISREG(f->mode) && !(f->flags & RPMFILE_GHOST) && (f->mode & 0111) != 0111 && below(f->path, programs))
		found(l, f->path, "mode %04o", f->mode & 07777);
}

static void
look_config(const struct sanity_look *l, const struct fact_file *f, int i)
{
	static const char *const roots[] = {"/etc/crontab", "/etc/cron.d", "/etc/cron.hourly", "/etc/cron.daily", "/etc/cron.weekly",
	    "/etc/cron.monthly", "/etc/sudoers", "/etc/sudoers.d", "/etc/pam.d", "/etc/security", "/etc/profile", "/etc/profile.d",
	    "/etc/init.d", "/etc/rc.d", "/etc/systemd", "/etc/udev", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/ssh", "/etc/shadow",
	    "/etc/passwd", "/etc/group", NULL};

	if ((S_ISREG(f->mode) || S_ISDIR(f->mode)) && f->mode & 0020 && below(f->path, roots))
		found(l, f->path, "mode %04o, group %s", f->mode & 07777, rpmfilesFGroup(l->files, i));
}

/* Whether %pre speaks of it, or a dependency does: user(joe), group(joe). */
static bool
is_provided(const struct sanity_look *l, const char *kind, const char *name)
{
	AUTO(free) char *wanted = xasprintf("%s(%s)", kind, name);

	if (strstr(text_of(l, RPMTAG_PREIN), name) || strstr(text_of(l, RPMTAG_PRETRANS), name))
		return true;
	for (enum dep_kind k = DEP_PROVIDES; k <= DEP_REQUIRES; k++)
		for (size_t i = 0; i < l->facts->dep[k].n; i++)
			if (strcmp(l->facts->dep[k].p[i].name, wanted) == 0)
				return true;
	return false;
}

static void
look_owner(const struct sanity_look *l, const struct fact_file *f, int i)
{
	const char *user = rpmfilesFUser(l->files, i), *group = rpmfilesFGroup(l->files, i);

	if (user && strcmp(user, "root") != 0 && !is_provided(l, "user", user))
		found(l, f->path, "owner %s", user);
	if (group && strcmp(group, "root") != 0 && !is_provided(l, "group", group))
		found(l, f->path, "group %s", group);
}

static size_t
folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash - path) : 0;
}

static void
look_hard_link(const struct sanity_look *l, const struct fact_file *f, int i)
{
	const struct fact_file *first;
	const int *names;

	if (rpmfilesFLinks(l->files, i, &names) < 2 || names[0] == i || (size_t)names[0] >= l->facts->files.n)
		return;
	first = &l->facts->files.p[names[0]];
	if ((f->flags | first->flags) & RPMFILE_CONFIG)
		found(l, f->path, "a configuration file, and %s", first->path);
	else if (folder_of(f->path) != folder_of(first->path) || strncmp(f->path, first->path, folder_of(f->path)) != 0)
		found(l, f->path, "and %s", first->path);
}

/* Whether `..` of a target would pass the root, seen from the folder of the link. */
static bool
escapes(const char *path, const char *target)
{
	AUTO(strs_fini) struct strs at = {0};
	AUTO(strs_fini) struct strs steps = {0};
	ssize_t depth;

	strs_split(&at, path, "/");
	strs_split(&steps, target, "/");
	depth = *target == '/' ? 0 : (ssize_t)at.n - 1;
	for (size_t i = 0; i < steps.n; i++) {
		if (strcmp(steps.p[i], "..") == 0)
			depth--;
		else if (strcmp(steps.p[i], ".") != 0)
			depth++;
		if (depth < 0)
			return true;
	}
	return false;
}

static void
look_escapes(const struct sanity_look *l, const struct fact_file *f, int i)
{
	if (S_ISLNK(f->mode) && escapes(f->path, f->content))
		found(l, f->path, "-> %s", f->content);
}

static void
look_temporary(const struct sanity_look *l, const struct fact_file *f, int i)
{
	static const char *const wrong[] = {"/tmp", "/var/tmp", "/home", "/root", "/builddir", "/proc", "/dev/fd", NULL};
	/* The way to the table of mounts that programs expect. */
	static const char *const right[] = {"/proc/mounts", "/proc/self/mounts", NULL};

	if (S_ISLNK(f->mode) && ((below(f->content, wrong) && !below(f->content, right)) || strstr(f->content, "/BUILDROOT/")))
		found(l, f->path, "-> %s", f->content);
}

static void
look_absolute(const struct sanity_look *l, const struct fact_file *f, int i)
{
	if (S_ISLNK(f->mode) && f->content[0] == '/')
		found(l, f->path, "-> %s", f->content);
}

static bool
ends_in(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n > m && strcmp(name + n - m, end) == 0;
}

static void
look_debug(const struct sanity_look *l, const struct fact_file *f, int i)
{
	static const char *const debug[] = {"/usr/lib/debug", "/usr/src/debug", NULL};
	const char *name = l->facts->name;

	if (below(f->path, debug) && !ends_in(name, "-debuginfo") && !ends_in(name, "-debugsource") && !ends_in(name, "-debug") &&
	    !ends_in(name, "-dbg") && strcmp(name, "filesystem") != 0)
		found(l, f->path, "%s", "");
}

const struct sanity_look_at sanity_look_at[SANITY_CHECKS] = {
	[SANITY_NAME] = {look_name, NULL},
	[SANITY_VERSION] = {look_version, NULL},
	[SANITY_SUMMARY] = {look_summary, NULL},
	[SANITY_SUMMARY_STYLE] = {look_summary_style, NULL},
	[SANITY_DESCRIPTION] = {look_description, NULL},
	[SANITY_LICENSE] = {look_license, NULL},
	[SANITY_CHANGELOG_TIME] = {look_changelog, NULL},
	[SANITY_UNVERSIONED_PROVIDES] = {look_provides, NULL},
	[SANITY_UNVERSIONED_OBSOLETES] = {look_obsoletes, NULL},
	[SANITY_SELF_DEPENDENCY] = {look_self, NULL},
	[SANITY_EMPTY_PACKAGE] = {look_empty, NULL},
	[SANITY_LOCATION] = {NULL, look_location},
	[SANITY_CONTROL_CHARACTER] = {NULL, look_control},
	[SANITY_ENCODING] = {NULL, look_encoding},
	[SANITY_DEVICE] = {NULL, look_device},
	[SANITY_WORLD_WRITABLE] = {NULL, look_world},
	[SANITY_SETUID] = {NULL, look_setuid},
	[SANITY_SETGID] = {NULL, look_setgid},
	[SANITY_NO_PERMISSIONS] = {NULL, look_permissions},
	[SANITY_NOT_EXECUTABLE] = {NULL, look_executable},
	[SANITY_WRITABLE_CONFIG] = {NULL, look_config},
	[SANITY_OWNER] = {NULL, look_owner},
	[SANITY_HARD_LINK] = {NULL, look_hard_link},
	[SANITY_LINK_ESCAPES] = {NULL, look_escapes},
	[SANITY_LINK_TEMPORARY] = {NULL, look_temporary},
	[SANITY_LINK_ABSOLUTE] = {NULL, look_absolute},
	[SANITY_DEBUG_FILES] = {NULL, look_debug},
	[SANITY_ELF_BROKEN] = {look_elf_broken, NULL},
	[SANITY_ELF_LOCATION] = {look_elf_location, NULL},
	[SANITY_ELF_NOARCH] = {look_elf_noarch, NULL},
	[SANITY_RUNPATH] = {look_runpath, NULL},
};
