"""One .deb becomes one RPM.

The result is an honest package: Debian's Depends are its Requires (alternatives
are rich dependencies), ELF dependencies come from rpm's own generator, and all
binaries of one Debian source share one SOURCERPM.  What is lost on purpose:
maintainer scripts, documentation, translations, Conflicts and Breaks (the
repository is a closure that apt solved, so its members get along), and some
files and dependencies that a build root is better without: the tables below.

The tree is usr-merged.  Links that Debian's update-alternatives would make are
files of the package.
"""

import os
import re
import shutil
import subprocess

ARCH = {'amd64': 'x86_64', 'arm64': 'aarch64', 'i386': 'i686'}
TRIPLET = {'amd64': 'x86_64-linux-gnu', 'arm64': 'aarch64-linux-gnu', 'i386': 'i386-linux-gnu'}
EPOCH_SECONDS = '1700000000'  # mtimes are clamped to this, and builds dated so
HERE = os.path.dirname(os.path.abspath(__file__))

# Left out of every package.  Trees, then files by name.
STRIP = ('usr/share/doc', 'usr/share/man', 'usr/share/info', 'usr/share/locale',
         'usr/share/lintian', 'usr/share/bug', 'usr/share/doc-base',
         'usr/share/menu', 'usr/share/gdb', 'usr/share/gcc',
         'usr/share/bash-completion', 'usr/share/applications',
         'usr/share/pixmaps', 'usr/share/icons', 'usr/share/emacs',
         'usr/lib/systemd', 'etc/init.d', 'etc/cron.daily', 'etc/cron.d',
         'etc/dbus-1', 'etc/default', 'etc/pam.d', 'etc/logrotate.d')

# What the tables say of the package of this name, less its architecture.
BINUTILS = 'binutils-*-linux-gnu'

# Big or far-reaching, and of no use to a build: link-time optimisation; the one
# program that wants libarchive, libxml2 and ICU in every root; rpm's plugins.
STRIP_BY_PACKAGE = {
    'gcc-12': (r'usr/lib/gcc/[^/]+/12/lto1', r'usr/bin/.*lto-dump-12'),
    'binutils': (r'usr/bin/(gp-.*|gprofng|dwp)',),
    BINUTILS: (r'usr/bin/.*-(gp-.*|gprofng|dwp)',),
    'rpm2cpio': (r'usr/bin/rpm2archive',),
    'rpm-common': (r'usr/lib/[^/]+/rpm-plugins/.*',),
}

# Needed by maintainer scripts only.
DROP = {'adduser', 'debconf', 'dpkg', 'init-system-helpers', 'install-info',
        'media-types', 'passwd', 'readline-common', 'sensible-utils', 'tzdata',
        'ucf'}
# Needed by what is stripped, or only to link statically.
DROP_BY_PACKAGE = {
    BINUTILS: {'libgprofng0'},
    'libc6-dev': {'libnsl-dev', 'rpcsvc-proto'},
    'libcreaterepo-c-dev': {'libbz2-dev', 'liblzma-dev', 'libmagic-dev', 'libpython3-dev',
                            'libssl-dev'},
    'libgcc-12-dev': {'libasan8', 'liblsan0', 'libtsan2', 'libubsan1', 'libquadmath0',
                      'libitm1'},
    'libgit2-dev': {'libhttp-parser-dev', 'libmbedtls-dev', 'libssh2-1-dev'},
    'librpm-dev': {'libaudit-dev', 'libbz2-dev', 'libfsverity-dev', 'libgcrypt20-dev',
                   'libreadline-dev', 'libselinux1-dev', 'libsqlite3-dev', 'libxml2-dev'},
    'libxml2-dev': {'libicu-dev'},
    'rpm': {'perl'},  # the generators of Perl dependencies: BuildRequires: perl
    'rpm-common': {'libaudit1', 'libdbus-1-3', 'libselinux1'},
    'rpm2cpio': {'libarchive13'},
}

# What postinst would have linked.
LINKS = {
    'automake': [('usr/bin/automake', 'automake-1.16'),
                 ('usr/bin/aclocal', 'aclocal-1.16')],
    'bison': [('usr/bin/yacc', 'bison.yacc')],
    'debianutils': [('usr/bin/which', 'which.debianutils')],
    'g++': [('usr/bin/c++', 'g++')],
    'gcc': [('usr/bin/cc', 'gcc'), ('usr/bin/c89', 'c89-gcc'),
            ('usr/bin/c99', 'c99-gcc')],
    'mawk': [('usr/bin/awk', 'mawk')],
}

# The names that specs written for rpm distributions ask for.
ALIASES = {
    'g++': ['gcc-c++'],
    'libarchive-dev': ['libarchive-devel'],
    'libc-bin': ['glibc-common'],
    'libc6': ['rtld(GNU_HASH)', 'glibc'],
    'libc6-dev': ['glibc-devel'],
    'libcmocka-dev': ['libcmocka-devel'],
    'libcreaterepo-c-dev': ['createrepo_c-devel'],
    'libdeflate-dev': ['libdeflate-devel'],
    'libelf-dev': ['elfutils-libelf-devel'],
    'libgit2-dev': ['libgit2-devel'],
    'libglib2.0-dev': ['glib2-devel'],
    'libisal-dev': ['isa-l-devel'],
    'libjansson-dev': ['jansson-devel'],
    'libncurses-dev': ['ncurses-devel'],
    'libpopt-dev': ['popt-devel'],
    'librpm-dev': ['rpm-devel'],
    'libsodium-dev': ['libsodium-devel'],
    'libsolv-dev': ['libsolv-devel'],
    'libsqlite3-dev': ['sqlite-devel'],
    'libssl-dev': ['openssl-devel'],
    'libzstd-dev': ['libzstd-devel'],
    'mawk': ['awk'],
    'ninja-build': ['ninja'],
    'pkgconf': ['pkgconfig'],
    'rpm': ['rpm-build'],
    'xz-utils': ['xz'],
    'zlib1g-dev': ['zlib-devel'],
}


class Failed(Exception):
    """A package that could not be converted; the text says why."""


def evr(version):
    """Debian's version as (epoch, version, release).

    A binary-only rebuild (+b1) counts as the version it rebuilds, so that it
    carries the version of its source.
    """
    epoch, _, rest = version.rpartition(':')
    upstream, _, revision = rest.rpartition('-')
    if not upstream:
        upstream, revision = revision, '0'
    return epoch, upstream.replace('-', '.'), re.sub(r'\+b\d+$', '', revision)


def evr_text(version):
    """The same for a dependency: no release if Debian names no revision."""
    epoch, upstream, release = evr(version)
    text = (epoch + ':' if epoch else '') + upstream
    return text + '-' + release if '-' in version else text


def parse(relations):
    """A Depends field as a list of lists of (name, operator, version)."""
    groups = []
    for group in (relations or '').replace('\n', ' ').split(','):
        alternatives = []
        for one in filter(str.strip, group.split('|')):
            name, operator, version = re.match(
                r'\s*([a-z0-9.+-]+)(?::\w+)?\s*(?:\(\s*([<>=]+)\s*([^)\s]+)\s*\))?',
                one).groups()
            alternatives.append((name, operator, version))
        if alternatives:
            groups.append(alternatives)
    return groups


def table_name(name):
    """The name by which the tables know the package NAME."""
    return BINUTILS if re.fullmatch(r'binutils-.+-linux-gnu', name) else name


def requirements(package, field):
    """What PACKAGE (a dict of control fields) needs, less what we drop."""
    dropped = DROP | DROP_BY_PACKAGE.get(table_name(package['Package']), set())
    for group in parse(package.get(field)):
        if not any(name in dropped for name, _, _ in group):
            yield group


def relation(name, operator, version):
    """One relation in rpm's words.

    Debian's X means X-0 where rpm's X means any release of X.
    """
    if not operator:
        return name
    text = evr_text(version)
    if operator in ('>>', '<=') and '-' not in version:
        text += '-0'
    return f'{name} {operator[0] if operator in (">>", "<<") else operator} {text}'


def relations(groups):
    for group in groups:
        words = [relation(*one) for one in group]
        yield words[0] if len(words) == 1 else '(' + ' or '.join(words) + ')'


def source(package):
    """Name and version of the Debian source PACKAGE was built from."""
    name, _, version = package.get('Source', package['Package']).partition(' ')
    return name, version.strip('() ') or package['Version']


def architecture(package):
    name = package['Architecture']
    return 'noarch' if name == 'all' else ARCH[name]


def file_name(package):
    _, version, release = evr(package['Version'])
    return f'{package["Package"]}-{version}-{release}.{architecture(package)}.rpm'


def usr_merge(tree):
    """Move /bin and its like below /usr; return the old paths of programs."""
    old_paths = []
    for name in ('bin', 'sbin', 'lib', 'lib32', 'lib64'):
        top = os.path.join(tree, name)
        if not os.path.isdir(top) or os.path.islink(top):
            continue
        if name in ('bin', 'sbin'):
            old_paths += [f'/{name}/{x}' for x in sorted(os.listdir(top))
                          if re.fullmatch(r'[\w.+-]+', x)]
        merge(top, os.path.join(tree, 'usr', name))
    return old_paths


def merge(old, new):
    os.makedirs(new, exist_ok=True)
    shutil.copystat(old, new)
    for entry in os.scandir(old):
        target = os.path.join(new, entry.name)
        if entry.is_dir(follow_symlinks=False):
            merge(entry.path, target)
        else:
            os.replace(entry.path, target)
    os.rmdir(old)


def strip(tree, name):
    """Remove what is listed above, and static libraries that have a shared one."""
    for path in STRIP:
        shutil.rmtree(os.path.join(tree, path), ignore_errors=True)
    patterns = STRIP_BY_PACKAGE.get(table_name(name), ())
    for top, _, files in os.walk(tree):
        for leaf in files:
            path = os.path.join(top, leaf)
            if leaf.endswith('.a') and leaf[:-1] + 'so' in files or any(
                    re.fullmatch(x, os.path.relpath(path, tree)) for x in patterns):
                os.unlink(path)


def link(tree, name):
    for path, target in LINKS.get(name, ()):
        path = os.path.join(tree, path)
        if not os.path.lexists(path):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            os.symlink(target, path)


def quote(path):
    """PATH for %files, where glob characters and % have a meaning."""
    return '"' + re.sub(r'[\[*?{]', r'[\g<0>]', path).replace('%', '%%') + '"'


def manifest(tree):
    """The lines of %files.  Top directories belong to filesystem."""
    lines = []
    for top, directories, files in os.walk(tree):
        directories.sort()
        for name in sorted(directories + files):
            path = os.path.join(top, name)
            shown = path[len(tree):]
            if os.path.isdir(path) and not os.path.islink(path):
                if shown.count('/') > 2:
                    lines.append('%dir ' + quote(shown))
            elif shown.startswith('/etc/') and not os.path.islink(path):
                lines.append('%config(noreplace) ' + quote(shown))
            else:
                lines.append(quote(shown))
    return lines


def pc_version(path):
    """The Version of a .pc file, with ${variables} expanded; '' if it is a link
    into another package."""
    if not os.path.exists(path):
        return ''
    with open(path, encoding='utf-8') as file:
        text = file.read()
    variables = dict(re.findall(r'^(\w+)[ \t]*=[ \t]*(.*?)[ \t]*$', text, re.M))
    version = re.search(r'^Version:[ \t]*(.*?)[ \t]*$', text, re.M)
    version = version[1] if version else ''
    expanded = re.sub(r'\$\{(\w+)\}', lambda x: variables.get(x[1], ''), version)
    return expanded.replace('-', '.')


def pkgconfig_provides(tree):
    """pkgconfig(NAME) = VERSION for every .pc file of the package."""
    for top, _, files in os.walk(tree):
        for name in sorted(files) if os.path.basename(top) == 'pkgconfig' else ():
            if name.endswith('.pc'):
                version = pc_version(os.path.join(top, name))
                yield f'pkgconfig({name[:-3]})' + (f' = {version}' if version else '')


def perl_provides(tree):
    """perl(Module::Name) for the modules on Perl's path, named by their files."""
    for top, _, files in os.walk(tree):
        for name in sorted(files):
            path = os.path.join(top, name)[len(tree):]
            found = re.fullmatch(r'/usr/(?:share/perl(?:5|/[\d.]+)|lib/[^/]+/'
                                 r'perl(?:5?/[\d.]+|-base))/(.*)\.pm', path)
            if found:
                yield f'perl({found[1].replace("/", "::")})'


def spec(package, provides):
    """The spec: named after the Debian source, with one subpackage.

    rpm takes SOURCERPM from the main package, which here has no files.
    """
    name = package['Package']
    source_name, source_version = source(package)
    lines = []

    def preamble(version):
        epoch, upstream, release = evr(version)
        if epoch:
            lines.append(f'Epoch: {epoch}')
        lines.extend([f'Version: {upstream}', f'Release: {release}',
                      'Summary: ' + package['Description'].split('\n')[0].replace('%', '%%'),
                      'License: Debian'])

    lines.append(f'Name: {source_name}')
    preamble(package['Version'] if source_name == name else source_version)
    if architecture(package) == 'noarch':
        lines.append('BuildArch: noarch')
    selector = ''
    if source_name != name:
        selector = f' -n {name}'
        lines += ['%description', source_name, f'%package{selector}']
        preamble(package['Version'])

    epoch, version, release = evr(package['Version'])
    own = (epoch + ':' if epoch else '') + f'{version}-{release}'
    lines.append('Requires(pre): filesystem')
    lines += ['Requires(pre): ' + x for x in relations(requirements(package, 'Pre-Depends'))]
    lines += ['Requires: ' + x for x in relations(requirements(package, 'Depends'))]
    lines += ['Provides: ' + x for x in relations(parse(package.get('Provides')))]
    lines += [f'Provides: {x} = {own}' for x in ALIASES.get(name, ()) if '(' not in x]
    lines += [f'Provides: {x}' for x in ALIASES.get(name, ()) if '(' in x]
    lines += ['Provides: ' + x for x in provides]
    lines += [f'%description{selector}', name, f'%files{selector} -f files']
    return '\n'.join(lines) + '\n'


def convert(package, deb, work):
    """Convert the file DEB described by PACKAGE below the empty directory
    WORK; return the path of the RPM in it."""
    tree = os.path.join(work, 'tree')
    os.makedirs(tree)
    subprocess.run(['dpkg-deb', '-x', deb, tree], check=True)
    provides = usr_merge(tree)
    strip(tree, package['Package'])
    link(tree, package['Package'])
    provides += [*pkgconfig_provides(tree), *perl_provides(tree)]
    os.makedirs(os.path.join(work, 'BUILD'))
    with open(os.path.join(work, 'BUILD', 'files'), 'w', encoding='utf-8') as out:
        print('%defattr(-,root,root,-)', *manifest(tree), sep='\n', file=out)
    path = os.path.join(work, 'package.spec')
    with open(path, 'w', encoding='utf-8') as out:
        out.write(spec(package, provides))
    # What fits all architectures must not depend on which is made.
    arch = architecture(package)
    target = () if arch == 'noarch' else ('--target', f'{arch}-linux')
    [rpm] = rpmbuild(path, work, '--buildroot', tree, *target)
    return rpm


def rpmbuild(path, work, *options):
    """Run rpmbuild on the spec PATH; return the paths of the RPMs."""
    lib = '/usr/lib/rpm'
    macros = ':'.join([f'{lib}/macros', f'{lib}/platform/%{{_target}}/macros',
                       f'{lib}/fileattrs/elf.attr', f'{lib}/fileattrs/python.attr',
                       os.path.join(HERE, 'rpm.macros')])
    environment = {'PATH': '/usr/bin:/bin:/usr/sbin:/sbin', 'HOME': work, 'LC_ALL': 'C.UTF-8',
                   'SOURCE_DATE_EPOCH': EPOCH_SECONDS}
    run = subprocess.run(
        ['rpmbuild', '--rcfile', f'{lib}/rpmrc', '--macros', macros, '-bb', '--nodeps',
         '--quiet', '--define', f'_topdir {work}', '--define', f'_dbpath {work}/db',
         '--define', f'_tmppath {work}', '--define', f'_rpmdir {work}/RPMS',
         '--define', '_rpmfilename %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm',
         *options, path],
        env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors='replace', check=False)
    if run.returncode:
        raise Failed(f'rpmbuild {os.path.basename(path)}: {run.stdout.strip()[-600:]}')
    made = os.path.join(work, 'RPMS')
    return [os.path.join(made, x) for x in sorted(os.listdir(made))]
