"""Debian's package lists, as apt has them, read as RPM packages.

A version E:U-R becomes epoch, version and release (0 without a revision), and a
dependency always names the release: rpm takes one without it for any release.
Alternatives become rich dependencies.  What is dropped: Replaces, Recommends and
weaker, the qualifier `:any`.
"""

import hashlib
import os
import re
import subprocess

HELPER = '/usr/lib/apt/apt-helper'
ARCH = {'amd64': 'x86_64', 'all': 'noarch'}
FLAGS = {'<<': 'LT', '<=': 'LE', '=': 'EQ', '>=': 'GE', '>>': 'GT', '<': 'LE', '>': 'GE'}
SIGNS = {'LT': '<', 'LE': '<=', 'EQ': '=', 'GE': '>=', 'GT': '>'}
RELATION = re.compile(r'\s*([^\s(]+)\s*(?:\(\s*([<>=]+)\s*([^)\s]+)\s*\))?\s*$')


class Failed(Exception):
    """What cannot be had or made; the text says why."""


class Package:
    """A binary package.  A dependency is (name, flag, evr); the last two may be None,
    evr is (epoch, version, release).  A tuple of dependencies is a choice of them."""
    __slots__ = ('name', 'evr', 'arch', 'source', 'source_evr', 'requires', 'provides', 'conflicts',
                 'summary', 'url', 'section', 'size', 'installed')

    def copy(self):
        other = Package()
        for slot in self.__slots__:
            setattr(other, slot, getattr(self, slot))
        return other

    def nevra(self):
        return f'{self.name}-{evr_text(self.evr)}.{self.arch}'

    def pkgid(self):
        return hashlib.sha256(f'{self.name}-{evr_text(self.evr)}-{self.arch}'.encode()).hexdigest()

    def key(self):
        return self.name, self.evr, self.arch


def evr(version):
    epoch, _, rest = version.rpartition(':') if re.match(r'\d+:', version) else ('', '', version)
    if epoch:
        epoch, _, rest = version.partition(':')
    upstream, _, revision = rest.rpartition('-')
    if not upstream:
        upstream, revision = revision, '0'
    return epoch or '0', re.sub(r'[^A-Za-z0-9._+~^]', '_', upstream), re.sub(
        r'[^A-Za-z0-9._+~^]', '_', revision)


def evr_text(parts):
    epoch, version, release = parts
    return f'{version}-{release}' if epoch == '0' else f'{epoch}:{version}-{release}'


def is_choice(dep):
    return isinstance(dep[0], tuple)


def text(dep):
    """A dependency in rpm's words."""
    if is_choice(dep):
        return '(' + ' or '.join(map(text, dep)) + ')'
    name, flag, version = dep
    return f'{name} {SIGNS[flag]} {evr_text(version)}' if flag else name


def relation(words):
    found = RELATION.match(words)
    if not found:
        raise Failed(f'not a relation: {words}')
    name, sign, version = found.groups()
    return name.removesuffix(':any'), FLAGS[sign] if sign else None, evr(version) if sign else None


def relations(fields, *keys):
    """The dependencies that these fields hold, each once, in their order."""
    found = {}
    for key in keys:
        for group in fields.get(key, '').split(','):
            if group.strip():
                any_of = tuple(relation(x) for x in group.split('|'))
                found[any_of if len(any_of) > 1 else any_of[0]] = None
    return list(found)


def package(fields):
    p = Package()
    p.name, p.evr, p.arch = fields['Package'], evr(fields['Version']), ARCH[fields['Architecture']]
    source, _, version = fields.get('Source', p.name).partition(' ')
    p.source, p.source_evr = source, evr(version.strip('() ') or fields['Version'])
    p.requires = relations(fields, 'Pre-Depends', 'Depends')
    p.conflicts = relations(fields, 'Conflicts', 'Breaks')
    p.provides = list(dict.fromkeys([(p.name, 'EQ', p.evr), *relations(fields, 'Provides')]))
    p.summary, p.url = fields.get('Description', ''), fields.get('Homepage', '')
    p.section = fields.get('Section', '')
    p.size, p.installed = int(fields['Size']), int(fields.get('Installed-Size', '0')) * 1024
    return p


def run(*argv):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode:
        words = done.stderr.decode(errors='replace').strip() or f'exit status {done.returncode}'
        raise Failed(f'{os.path.basename(argv[0])}: {words}')
    return done.stdout


class List:
    """One list of apt's: main of one suite for amd64."""

    def __init__(self, file, key, base, codename):
        self.file, self.base, self.codename = file, base, codename
        self.release = file[:file.index(key.replace('/', '_'))] + 'InRelease'

    def packages(self):
        """All packages, sorted; no two of the same name, version and architecture."""
        found = {}
        for stanza in run(HELPER, 'cat-file', self.file).decode().split('\n\n'):
            fields = dict(re.findall(r'^([\w-]+): *(.*)', stanza, re.M))
            if fields.get('Architecture') in ARCH:
                p = package(fields)
                found[p.key()] = p
        return [found[x] for x in sorted(found)]

    def contents(self, arch, cache):
        """The compressed list of files, downloaded if the archive's list has changed."""
        name = f'main/Contents-{arch}.gz'
        with open(self.release, encoding='utf-8') as file:
            sums = re.search(rf'^ ([0-9a-f]{{64}}) +\d+ {re.escape(name)}$', file.read(), re.M)
        if not sums:
            raise Failed(f'{self.codename}: the archive has no {name}')
        path = os.path.join(cache, f'Contents-{arch}-{sums[1][:16]}.gz')
        if not os.path.exists(path):
            os.makedirs(cache, exist_ok=True)
            run(HELPER, 'download-file', self.base + name, path + '.part', 'SHA256:' + sums[1])
            os.rename(path + '.part', path)
        return path


def lists(suffix=''):
    """apt's lists of main for amd64: of the release itself, or of a suite of it."""
    found = []
    for line in run('apt-get', 'indextargets', '--format', '\t'.join(
            f'$({x})' for x in ('FILENAME', 'METAKEY', 'BASE_URI', 'CODENAME', 'ORIGIN')),
            'Created-By: Packages', 'Component: main', 'Architecture: amd64').decode().splitlines():
        file, key, base, codename, origin = line.split('\t')
        if origin == 'Debian' and codename.partition('-')[2] == suffix and os.path.exists(file):
            found.append(List(file, key, base, codename))
    if not found:
        raise Failed(f"no list of Debian's packages{suffix and ' (' + suffix + ')'} here: run apt-get update")
    return found


def cache_folder():
    top = os.environ.get('ARTEL_CACHE') or os.path.join(
        os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache'), 'artel/debs')
    return os.path.join(top, 'lists')
