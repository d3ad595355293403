/*
 * The table of checks, the levels that a repository gives them, and the list of
 * what they find. What each looks at is in sanity-look.c, by the same enum.
 *
 * A level is fatal where what is found breaks systems or their safety, and a
 * warning where it is untidy or where there are good reasons for it.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"
#include "package/sanity-look.h"
#include "package/sanity.h"

#define FATAL SANITY_FATAL
#define WARNING SANITY_WARNING
#define OFF SANITY_OFF

const struct sanity_check sanity_checks[SANITY_CHECKS] = {
	[SANITY_NAME] = {"name", FATAL, false, "a name with characters beyond letters, digits and ._+-, or longer than 128"},
	[SANITY_VERSION] = {"version", FATAL, false, "a version or release with characters beyond letters, digits and ._+~^"},
	[SANITY_SUMMARY] = {"summary", FATAL, false, "no Summary"},
	[SANITY_SUMMARY_STYLE] = {"summary-style", WARNING, false, "a Summary that ends in a dot, has a blank at an end, several lines, or more than 80 characters"},
	[SANITY_DESCRIPTION] = {"description", WARNING, false, "no description"},
	[SANITY_LICENSE] = {"license", FATAL, false, "no License"},
	[SANITY_CHANGELOG_TIME] = {"changelog-time", WARNING, false, "a changelog entry of the future"},
	[SANITY_UNVERSIONED_PROVIDES] = {"unversioned-provides", WARNING, false, "provides its own name without a version, too"},
	[SANITY_UNVERSIONED_OBSOLETES] = {"unversioned-obsoletes", WARNING, false, "obsoletes every version of another package, also those to come"},
	[SANITY_SELF_DEPENDENCY] = {"self-dependency", FATAL, false, "requires a version of itself that it is not, or obsoletes itself"},
	[SANITY_EMPTY_PACKAGE] = {"empty-package", OFF, false, "no files and no requirements"},
	[SANITY_LOCATION] = {"location", FATAL, false, "a file or folder outside /usr, /etc, /var, /opt, /srv, /boot, /bin, /sbin and /lib*, or in /usr/local, /usr/tmp, /var/tmp, /var/run, /var/lock"},
	[SANITY_CONTROL_CHARACTER] = {"control-character", FATAL, false, "a path with a control character"},
	[SANITY_ENCODING] = {"encoding", WARNING, false, "a path that is not UTF-8"},
	[SANITY_DEVICE] = {"device", FATAL, false, "a device, pipe or socket"},
	[SANITY_WORLD_WRITABLE] = {"world-writable", FATAL, false, "a file that all may write, or such a folder without the sticky bit"},
	[SANITY_SETUID] = {"setuid", FATAL, false, "a file that runs as its owner"},
	[SANITY_SETGID] = {"setgid", FATAL, false, "a file that runs as its group"},
	[SANITY_NO_PERMISSIONS] = {"no-permissions", WARNING, false, "a file or folder of mode 0000"},
	[SANITY_NOT_EXECUTABLE] = {"not-executable", WARNING, false, "a file that not all may execute in a folder of programs"},
	[SANITY_WRITABLE_CONFIG] = {"writable-config", FATAL, false, "a file or folder below /etc that its group may write, where it could become root by that: cron, sudoers, pam, profile, init, systemd"},
	[SANITY_OWNER] = {"owner", WARNING, false, "an owner or group that neither %pre nor a dependency speaks of"},
	[SANITY_HARD_LINK] = {"hard-link", WARNING, false, "a hard link between folders, or of a configuration file"},
	[SANITY_LINK_ESCAPES] = {"link-escapes", FATAL, false, "a symbolic link that goes up beyond the root"},
	[SANITY_LINK_TEMPORARY] = {"link-temporary", FATAL, false, "a symbolic link to where the package was built, or to /tmp, /home, /root, /proc, /dev/fd"},
	[SANITY_LINK_ABSOLUTE] = {"link-absolute", OFF, false, "a symbolic link to an absolute path"},
	[SANITY_DEBUG_FILES] = {"debug-files", WARNING, false, "files below /usr/lib/debug or /usr/src/debug in a package that is not of debug files"},
	[SANITY_ELF_BROKEN] = {"elf-broken", WARNING, false, "an ELF file that cannot be looked into"},
	[SANITY_ELF_LOCATION] = {"elf-location", WARNING, false, "a program or library of an architecture below /usr/share or /etc"},
	[SANITY_ELF_NOARCH] = {"elf-noarch", FATAL, false, "a program or library of an architecture in a noarch package"},
	[SANITY_RUNPATH] = {"runpath", FATAL, false, "a program or library that looks for libraries in a folder of the current directory, of a build, or where all may write"},
	[SANITY_SCRIPTLET] = {"scriptlet", FATAL, true, "a scriptlet that failed while the package was installed or removed"},
	[SANITY_LEFT_BEHIND] = {"left-behind", WARNING, true, "a file or folder that is still there when the package is removed"},
	[SANITY_DANGLING_LINK] = {"dangling-link", WARNING, true, "a symbolic link to what is not there when the package is installed"},
};

static const char *const levels[SANITY_LEVELS] = {[SANITY_OFF] = "off", [SANITY_WARNING] = "warning", [SANITY_FATAL] = "fatal"};

const char *
sanity_level_name(enum sanity_level l)
{
	return levels[l];
}

enum sanity_id
sanity_find(const char *name)
{
	enum sanity_id id = 0;

	while (id < SANITY_CHECKS && strcmp(sanity_checks[id].name, name) != 0)
		id++;
	return id;
}

static int
parse_word(const char *word, struct sanity_policy *out, struct err *err)
{
	const char *eq = strchr(word, '=');
	AUTO(free) char *name = xstrndup(word, eq ? (size_t)(eq - word) : strlen(word));
	bool all = strcmp(name, "all") == 0;
	enum sanity_id id = sanity_find(name);
	enum sanity_level l = 0;

	if (!all && id == SANITY_CHECKS)
		return err_set(err, EINVAL, "no check `%s`: artel-sanity(7) has them all", name);
	while (eq && l < SANITY_LEVELS && strcmp(levels[l], eq + 1) != 0)
		l++;
	if (!eq || l == SANITY_LEVELS)
		return err_set(err, EINVAL, "`%s` is not CHECK=LEVEL with LEVEL one of fatal, warning, off", word);
	for (enum sanity_id i = 0; i < SANITY_CHECKS; i++)
		if (all || i == id)
			out->level[i] = l;
	return 0;
}

int
sanity_parse(const char *text, struct sanity_policy *out, struct err *err)
{
	AUTO(strs_fini) struct strs words = {0};

	for (enum sanity_id i = 0; i < SANITY_CHECKS; i++)
		out->level[i] = sanity_checks[i].level;
	strs_split(&words, text, " \t\r\n");
	for (size_t i = 0; i < words.n; i++)
		if (parse_word(words.p[i], out, err) < 0)
			return -1;
	return 0;
}

void
sanity_list_fini(struct sanity_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->p[i].package);
		free(l->p[i].what);
		free(l->p[i].detail);
	}
	vec_fini(l);
	l->cut = 0;
}

void
sanity_found(struct sanity_list *l, const struct sanity_policy *p, enum sanity_id check, const char *package,
	const char *what, const char *fmt, ...)
{
	size_t same = 0;
	va_list ap;
	char *detail;

	if (p->level[check] == SANITY_OFF)
		return;
	/* One check after another looks at a package: its own are the last. */
	while (same < l->n && same < SANITY_MAX && l->p[l->n - 1 - same].check == check &&
	    strcmp(l->p[l->n - 1 - same].package, package) == 0)
		same++;
	if (same == SANITY_MAX) {
		l->cut++;
		return;
	}
	va_start(ap, fmt);
	if (vasprintf(&detail, fmt, ap) < 0)
		detail = xstrdup("");
	va_end(ap);
	vec_push(l, ((struct sanity_finding){check, p->level[check], xstrdup(package), xstrdup(what), detail}));
}

void
sanity_text(const struct sanity_finding *f, struct str *out)
{
	str_add(out, "%s: %s: %s", sanity_checks[f->check].name, f->package, f->what);
	if (*f->detail)
		str_add(out, " (%s)", f->detail);
	str_add(out, ": %s", sanity_checks[f->check].text);
}

int
sanity_rpm(const char *path, const struct facts *f, const struct sanity_policy *p, int64_t now_s, struct sanity_list *out,
	struct err *err)
{
	AUTO(Fclose) FD_t fd = NULL;
	AUTO(headerFree) Header h = NULL;
	AUTO(rpmfilesFree) rpmfiles files = NULL;
	struct sanity_look l = {.policy = p, .out = out, .facts = f, .now_s = now_s};

	if (header_read(path, &fd, &h, err) < 0)
		return -1;
	files = rpmfilesNew(NULL, h, RPMTAG_BASENAMES, RPMFI_KEEPHEADER);
	if ((files ? (size_t)rpmfilesFC(files) : 0) != f->files.n)
		return err_set(err, EBADMSG, "%s: facts of another file", path);
	l.header = h;
	l.files = files;
	for (l.check = 0; l.check < SANITY_CHECKS; l.check++) {
		const struct sanity_look_at *at = &sanity_look_at[l.check];

		if (p->level[l.check] == SANITY_OFF)
			continue;
		if (at->package)
			at->package(&l);
		for (size_t i = 0; at->file && i < f->files.n; i++)
			at->file(&l, &f->files.p[i], (int)i);
	}
	return 0;
}
