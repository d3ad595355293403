"""Transactions over the repository that generate makes.

DIR/updates/NNNN-SOURCE/repodata has the new binaries of a source, DIR/batch.jsonl one
line for each in order.  They are Debian's own updates, or rebuilds of random sources:
what a rebuild gives has another release and else what it had before.  Culprits are
rebuilds that break something; the index says that they do, and that the others,
taken together, do not.
"""

import json
import os
import random
import re
import shutil

import debian
import rpmmd
import rpmver
from debian import Failed, is_choice
from index import Index

LARGEST = 20  # packages of a source that is rebuilt
TRIES = 20000


def raised(version):
    """The next rebuild: what Debian does for one that changes no source."""
    epoch, upstream, release = version
    found = re.fullmatch(r'(.*\+b)(\d+)', release)
    return epoch, upstream, found[1] + str(int(found[2]) + 1) if found else release + '+b1'


def map_simple(deps, change):
    return [tuple(map(change, x)) if is_choice(x) else change(x) for x in deps]


def rebuild(old):
    """Copies of the packages of one source with raised releases, also where they name each other."""
    ours = {(dep[0], dep[2]): raised(p.evr) for p in old for dep in p.provides if dep[2] == p.evr}

    def change(dep):
        new = ours.get((dep[0], dep[2]))
        return (dep[0], dep[1], new) if new and dep[1] == 'EQ' else dep

    made = []
    for p in old:
        q = p.copy()
        q.evr, q.source_evr = raised(p.evr), raised(p.source_evr)
        q.requires, q.provides = map_simple(p.requires, change), map_simple(p.provides, change)
        made.append(q)
    return made


# Culprits: each takes the index, the old packages and their rebuild, and
# returns the packages and what was done to them, or None where it cannot be done.

def lost_package(_index, _old, new, dice):
    """A sub-package is no more."""
    if len(new) < 2:
        return None
    p = dice.choice(new)
    rest = [q for q in new if q is not p]
    for q in rest:
        q.requires = [x for x in q.requires if is_choice(x) or x[0] != p.name]
    return rest, f'{p.name} is not built'


def lost_provide(_index, _old, new, dice):
    """A package forgets one of the names it provided."""
    many = [(p, dep) for p in new for dep in p.provides if dep[0] != p.name]
    if not many:
        return None
    p, lost = dice.choice(many)
    p.provides = [x for x in p.provides if x != lost]
    return new, f'{p.name} does not provide {debian.text(lost)}'


def missing_version(index, _old, new, dice):
    """A requirement of a version that is yet to come."""
    many = [(p, dep) for p in new for dep in p.requires if not is_choice(dep) and dep[1] == 'GE' and index.met(dep)]
    if not many:
        return None
    p, dep = dice.choice(many)
    have = [x[2] for _, x in index.providers[dep[0]] if x[1]]
    if len(have) != 1:
        return None
    epoch, version, _ = have[0]
    higher = (dep[0], 'GE', (epoch, version + '.99', '0'))
    p.requires = [higher if x == dep else x for x in p.requires]
    return new, f'{p.name} requires {debian.text(higher)}'


def renamed_library(_index, old, new, dice):
    """A library with another soname: libfoo3 becomes libfoo4 before those who need it are rebuilt."""
    many = [p for p in new if re.fullmatch(r'lib.*\D\d+', p.name) and p.section in ('libs', 'oldlibs')]
    if not many:
        return None
    p = dice.choice(many)
    was = p.name
    p.name = re.sub(r'\d+$', lambda x: str(int(x[0]) + 1), was)

    def change(dep):
        return (p.name, *dep[1:]) if dep[0] == was else dep

    for q in new:
        q.requires, q.provides = map_simple(q.requires, change), map_simple(q.provides, change)
    return new, f'{was} is now {p.name}'


KINDS = {'lost-package': lost_package, 'lost-provide': lost_provide, 'missing-version': missing_version,
         'renamed-library': renamed_library}


def culprit(index, kind, names, dice):
    """A source of names and what its rebuild of that kind gives."""
    for _ in range(TRIES):
        source = dice.choice(names)
        old = index.sources[source]
        new = rebuild(old)
        if index.breaks(old, new):
            continue
        done = KINDS[kind](index, old, new, dice)
        if not done:
            continue
        broken = index.breaks(old, done[0])
        if kind == 'missing-version' and broken or any(p.source != source for p, _ in broken):
            return source, done[0], done[1], len(broken)
    raise Failed(f'no culprit of the kind {kind} among {len(names)} sources')


def harmless(index, count, names, dice):
    """COUNT rebuilds that break nothing, not even together."""
    made = {}
    for source in dice.sample(names, len(names)):
        if len(made) == count:
            break
        new = rebuild(index.sources[source])
        if not index.breaks(index.sources[source], new):
            made[source] = new
    if len(made) < count:
        raise Failed(f'only {len(made)} of {len(names)} sources can be rebuilt alone')
    if index.breaks([p for x in made for p in index.sources[x]], [p for x in made.values() for p in x]):
        raise Failed('rebuilds that are harmless alone break something together: take another seed')
    return made


class Batch:
    """The folder that transactions are written to, anew."""

    def __init__(self, folder, files):
        self.folder, self.files, self.count, self.packages = os.path.abspath(folder), files, 0, 0
        os.makedirs(self.folder, exist_ok=True)
        shutil.rmtree(os.path.join(self.folder, 'updates'), ignore_errors=True)
        # pylint: disable=consider-using-with
        self.lines = open(os.path.join(self.folder, 'batch.jsonl'), 'w', encoding='utf-8')

    def add(self, source, packages):
        self.count += 1
        self.packages += len(packages)
        place = os.path.join(self.folder, 'updates', f'{self.count:04}-{source}')
        rpmmd.write(place, sorted(packages, key=debian.Package.key), self.files)
        print(json.dumps({'id': self.count, 'add': place, 'del': [], 'deps': []}), file=self.lines)
        return self.count

    def close(self):
        self.lines.close()
        print(f'transactions {self.count}\ntransaction-packages {self.packages}\nfiles from {self.files.origin}')


def updates(folder, packages, files):
    """Debian's updates that are newer than what the release has, a source a transaction."""
    index, newest = Index(packages), {}
    for suffix in 'updates', 'security':
        for one in debian.lists(suffix):
            by_source = Index(one.packages()).sources
            for source, binaries in by_source.items():
                newest.setdefault(source, {})
                for p in binaries:
                    have = newest[source].get(p.name)
                    if not have or rpmver.compare(have.evr, p.evr) < 0:
                        newest[source][p.name] = p
    batch, older = Batch(folder, files), 0
    for source in sorted(newest):
        binaries = list(newest[source].values())
        had = {p.name: p.evr for p in index.sources[source]}
        if had and not any(p.name not in had or rpmver.compare(p.evr, had[p.name]) > 0 for p in binaries):
            older += 1
            continue
        batch.add(source, binaries)
    print(f'not newer than the release {older}')
    batch.close()


def rebuilds(folder, packages, files, options):
    dice, index = random.Random(options.seed), Index(packages)
    names = sorted(x for x, y in index.sources.items() if len(y) <= LARGEST)
    if options.culprits > options.transactions:
        raise Failed(f'{options.culprits} culprits among {options.transactions} transactions')
    bad = {}
    while len(bad) < options.culprits:
        kind = list(KINDS)[len(bad) % len(KINDS)]
        source, *rest = culprit(index, kind, [x for x in names if x not in bad], dice)
        bad[source] = kind, *rest
    good = harmless(index, options.transactions - len(bad), [x for x in names if x not in bad], dice)
    order = dice.sample(sorted([*bad, *good]), options.transactions)
    batch = Batch(folder, files)
    with open(os.path.join(folder, 'culprits.txt'), 'w', encoding='utf-8') as file:
        for source in order:
            number = batch.add(source, bad[source][1] if source in bad else good[source])
            if source in bad:
                kind, _, what, broken = bad[source]
                print(number, source, kind, what, broken, sep='\t', file=file)
    batch.close()
