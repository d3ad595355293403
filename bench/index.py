"""Who provides and who requires what in a list of packages, and what a change breaks.

Simple on purpose: it says what the transactions that generate makes do to the
repository, by other means than the program that is measured.
"""

import collections

import rpmver
from debian import is_choice


def simple(dep):
    return dep if is_choice(dep) else (dep,)


class Index:
    def __init__(self, packages):
        self.providers = collections.defaultdict(list)
        self.requirers = collections.defaultdict(list)
        self.sources = collections.defaultdict(list)
        for p in packages:
            self.sources[p.source].append(p)
            for dep in p.provides:
                self.providers[dep[0]].append((p, dep))
            for dep in p.requires:
                for one in simple(dep):
                    self.requirers[one[0]].append((p, dep))

    def met(self, dep, gone=frozenset(), new=None):
        """Whether some package has it, those of gone apart; new is what is added, by name."""
        for one in simple(dep):
            for p, provide in self.providers.get(one[0], ()):
                if p not in gone and rpmver.meets(provide, one):
                    return True
            for provide in (new or {}).get(one[0], ()):
                if rpmver.meets(provide, one):
                    return True
        return False

    def breaks(self, old, added):
        """What is newly unmet when added takes the place of old: (package, dependency)."""
        gone, new = frozenset(old), collections.defaultdict(list)
        for p in added:
            for dep in p.provides:
                new[dep[0]].append(dep)
        found = []
        for name in dict.fromkeys(dep[0] for p in old for dep in p.provides):
            for p, dep in self.requirers.get(name, ()):
                if p not in gone and not self.met(dep, gone, new) and self.met(dep):
                    found.append((p, dep))
        had = {(p.name, p.arch, dep) for p in old for dep in p.requires if not self.met(dep)}
        for p in added:
            found += [(p, dep) for dep in p.requires
                      if (p.name, p.arch, dep) not in had and not self.met(dep, gone, new)]
        return found
