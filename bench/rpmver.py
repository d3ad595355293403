"""rpm's order of versions, and whether a provide meets a requirement."""

import functools
import re

PART = re.compile(r'\d+|[A-Za-z]+|~|\^')


def rank(part):
    """The end of a version is above ~, below ^; letters are below digits."""
    if part == '~':
        return -2, 0
    if part is None:
        return -1, 0
    if part == '^':
        return 0, 0
    return (2, int(part)) if part.isdigit() else (1, part)


@functools.lru_cache(None)
def parts(version):
    return [rank(x) for x in PART.findall(version)] + [rank(None)]


def compare_part(a, b):
    a, b = parts(a), parts(b)
    return (a > b) - (a < b)


def compare(a, b):
    """Two (epoch, version, release), -1, 0 or 1."""
    return (int(a[0]) > int(b[0])) - (int(a[0]) < int(b[0])) or compare_part(a[1], b[1]) or compare_part(a[2], b[2])


def meets(provide, require):
    """Of one name: whether the ranges overlap; a provide here has EQ or no version."""
    if not provide[1] or not require[1]:
        return True
    order = compare(provide[2], require[2])
    return {'LT': order < 0, 'LE': order <= 0, 'EQ': order == 0, 'GE': order >= 0, 'GT': order > 0}[require[1]]
