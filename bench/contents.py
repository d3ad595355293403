"""Which files a package has, out of Debian's Contents lists.

The lists name packages by path; they are turned round once into one file with the
paths of each package, compressed apart, and an index.  That file is kept in the cache
under a name made of those of the lists.
"""

import collections
import hashlib
import json
import mmap
import os
import re
import subprocess
import zlib

from debian import Failed

PRIMARY = re.compile(rb'^(?:/etc/.*|.*bin/.*|/usr/lib/sendmail)$', re.M)
ILLEGAL = re.compile(rb'[\x00-\x09\x0b-\x1f]')


def primary(paths):
    """Those of the joined PATHS that primary.xml lists."""
    return PRIMARY.findall(paths) if paths.startswith(b'/etc/') or b'bin/' in paths or (
        b'/etc/' in paths) else []


class Contents:
    """The files of packages by name; origin says where they come from."""

    def __init__(self, archive, cache):
        self.origin = 'Contents'
        sources = [archive.contents(arch, cache) for arch in ('amd64', 'all')]
        name = hashlib.sha256('\n'.join(map(os.path.basename, sources)).encode()).hexdigest()[:16]
        path = os.path.join(cache, f'files-{name}')
        if not os.path.exists(path + '.json'):
            turn_round(sources, path)
        with open(path + '.json', encoding='utf-8') as file:
            self.index = json.load(file)
        with open(path, 'rb') as file:
            self.data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def of(self, package):
        """Absolute paths, one a line, sorted."""
        offset, length, _ = self.index.get(package.name, (0, 0, 0))
        return zlib.decompress(self.data[offset:offset + length]) if length else b''

    def total(self):
        return sum(x[2] for x in self.index.values())


class MadeUp:
    """The same out of thin air: as many as the size of a package makes likely."""
    origin = 'made up'

    def of(self, package):
        count = 2 + min(package.installed // 36000, 20000)
        top = f'/usr/share/{package.name}'
        paths = [f'/usr/bin/{package.name}'] if package.section != 'libs' else []
        paths += [f'{top}/part{i // 50:03}/file{i:05}.dat' for i in range(count)]
        return '\n'.join(paths).encode()


class Limited:
    """A share of the files of another, and all of those that primary.xml lists."""

    def __init__(self, files, share):
        self.files, self.share, self.origin = files, share, files.origin

    def of(self, package):
        paths = self.files.of(package)
        lines = paths.split(b'\n') if paths else []
        kept = set(primary(paths)) | set(lines[:int(len(lines) * self.share)])
        return b'\n'.join(x for x in lines if x in kept)


def read(path, by_place):
    with subprocess.Popen(['gzip', '-dc', path], stdout=subprocess.PIPE, bufsize=1 << 20) as gzip:
        for line in gzip.stdout:
            path, _, place = line.rpartition(b' ')
            by_place[place].append(path.rstrip())
    if gzip.returncode:
        raise Failed(f'{path}: gzip: exit status {gzip.returncode}')


def turn_round(sources, path):
    by_place = collections.defaultdict(list)
    for source in sources:
        read(source, by_place)
    by_name = collections.defaultdict(list)
    for place, paths in by_place.items():
        for one in place.decode().split(','):
            by_name[one.strip().rpartition('/')[2]].append(paths)
    index, offset = {}, 0
    with open(path + '.part', 'wb') as file:
        for name in sorted(by_name):
            paths = sorted({x for part in by_name[name] for x in part})
            whole = ILLEGAL.sub(b'?', b'/' + b'\n/'.join(paths))
            whole = whole.decode(errors='replace').encode()
            packed = zlib.compress(whole, 1)
            file.write(packed)
            index[name] = offset, len(packed), len(paths)
            offset += len(packed)
    os.rename(path + '.part', path)
    with open(path + '.json.part', 'w', encoding='utf-8') as file:
        json.dump(index, file)
    os.rename(path + '.json.part', path + '.json')


def files_for(archive, cache, synthesize):
    try:
        return Contents(archive, cache)
    except (Failed, OSError) as error:
        if not synthesize:
            raise Failed(f'no lists of files: {error}; --synthesize makes them up') from error
        return MadeUp()
