"""rpm-md written directly: primary, filelists, other and repomd.xml.

The same packages make the same bytes.  Compression runs in a thread of its own beside
the making of the text.
"""

import hashlib
import os
import queue
import threading
import zlib
from xml.sax.saxutils import escape

from contents import primary
from debian import evr_text, is_choice, text

TIME = 1700000000
XMLNS = 'http://linux.duke.edu/metadata/'
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def quoted(words):
    return escape(words, {'"': '&quot;'})


class Member:
    """One compressed file of repodata and what repomd.xml says of it."""

    def __init__(self, folder, kind, level):
        self.kind, self.name = kind, f'{kind}.xml.gz'
        self.parts, self.held = [], 0
        self.size = self.open_size = 0
        self.sum, self.open_sum = hashlib.sha256(), hashlib.sha256()
        self.packer = zlib.compressobj(level, zlib.DEFLATED, 31)
        self.path = os.path.join(folder, self.name)
        self.queue, self.failure = queue.Queue(8), None
        self.thread = threading.Thread(target=self.work)
        self.thread.start()

    def write(self, data):
        self.parts.append(data)
        self.held += len(data)
        if self.held > 1 << 20:
            self.flush()

    def flush(self):
        self.queue.put(b''.join(self.parts))
        self.parts, self.held = [], 0

    def work(self):
        with open(self.path, 'wb') as file:
            while (data := self.queue.get()) is not None:
                self.open_sum.update(data)
                self.open_size += len(data)
                self.put(file, self.packer.compress(data))
            self.put(file, self.packer.flush())

    def put(self, file, data):
        self.sum.update(data)
        self.size += len(data)
        try:
            file.write(data)
        except OSError as error:
            self.failure = error

    def close(self):
        self.flush()
        self.queue.put(None)
        self.thread.join()
        if self.failure:
            raise self.failure

    def entry(self):
        return (f'  <data type="{self.kind}">\n'
                f'    <checksum type="sha256">{self.sum.hexdigest()}</checksum>\n'
                f'    <open-checksum type="sha256">{self.open_sum.hexdigest()}</open-checksum>\n'
                f'    <location href="repodata/{self.name}"/>\n'
                f'    <timestamp>{TIME}</timestamp>\n'
                f'    <size>{self.size}</size>\n'
                f'    <open-size>{self.open_size}</open-size>\n'
                '  </data>\n')


def entry(dep, seen={}):  # pylint: disable=dangerous-default-value
    """A dependency as an element; what was made before is kept."""
    if dep not in seen:
        if is_choice(dep) or not dep[1]:
            seen[dep] = f'      <rpm:entry name="{quoted(text(dep))}"/>\n'
        else:
            name, flag, (epoch, version, release) = dep
            seen[dep] = (f'      <rpm:entry name="{name}" flags="{flag}" epoch="{epoch}" '
                         f'ver="{version}" rel="{release}"/>\n')
    return seen[dep]


def entries(kind, deps):
    return f'    <rpm:{kind}>\n{"".join(map(entry, deps))}    </rpm:{kind}>\n' if deps else ''


def version_element(p):
    return f'  <version epoch="{p.evr[0]}" ver="{p.evr[1]}" rel="{p.evr[2]}"/>\n'


def file_elements(paths, indent):
    """FILE elements of joined, already escaped paths."""
    return b'%s<file>%s</file>\n' % (indent, paths.replace(b'\n', b'</file>\n%s<file>' % indent))


def escaped(paths):
    return paths.replace(b'&', b'&amp;').replace(b'<', b'&lt;').replace(b'>', b'&gt;')


def primary_element(p, pkgid, own):
    file = f'{p.name}-{p.evr[1]}-{p.evr[2]}.{p.arch}.rpm'
    source = f'{p.source}-{p.source_evr[1]}-{p.source_evr[2]}.src.rpm'
    return (f'<package type="rpm">\n  <name>{p.name}</name>\n  <arch>{p.arch}</arch>\n'
            f'{version_element(p)}'
            f'  <checksum type="sha256" pkgid="YES">{pkgid}</checksum>\n'
            f'  <summary>{escape(p.summary)}</summary>\n  <description>{escape(p.summary)}</description>\n'
            f'  <packager></packager>\n  <url>{escape(p.url)}</url>\n'
            f'  <time file="{TIME}" build="{TIME}"/>\n'
            f'  <size package="{p.size}" installed="{p.installed}" archive="{p.installed}"/>\n'
            f'  <location href="pool/{p.source[0]}/{file}"/>\n  <format>\n'
            f'    <rpm:license></rpm:license>\n    <rpm:vendor/>\n    <rpm:group>{p.section}</rpm:group>\n'
            f'    <rpm:buildhost/>\n    <rpm:sourcerpm>{source}</rpm:sourcerpm>\n'
            f'    <rpm:header-range start="4504" end="8504"/>\n'
            f'{entries("provides", p.provides)}{entries("requires", p.requires)}'
            f'{entries("conflicts", p.conflicts)}').encode() + (
                file_elements(escaped(b'\n'.join(own)), b'    ') if own else b'') + (
                b'  </format>\n</package>\n')


def write(folder, packages, files, level=6):
    """FOLDER/repodata; how many files were listed."""
    data = os.path.join(folder, 'repodata')
    os.makedirs(data, exist_ok=True)
    members = [Member(data, kind, level) for kind in ('primary', 'filelists', 'other')]
    try:
        count = write_members(members, packages, files)
    finally:
        for member in members:
            member.close()
    with open(os.path.join(data, 'repomd.xml'), 'w', encoding='utf-8') as file:
        file.write(f'{HEAD}<repomd xmlns="{XMLNS}repo" xmlns:rpm="{XMLNS}rpm">\n  <revision>{TIME}</revision>\n'
                   f'{"".join(x.entry() for x in members)}</repomd>\n')
    return count


def write_members(members, packages, files):
    main, lists, other = members
    n, count = len(packages), 0
    main.write(f'{HEAD}<metadata xmlns="{XMLNS}common" xmlns:rpm="{XMLNS}rpm" packages="{n}">\n'.encode())
    lists.write(f'{HEAD}<filelists xmlns="{XMLNS}filelists" packages="{n}">\n'.encode())
    other.write(f'{HEAD}<otherdata xmlns="{XMLNS}other" packages="{n}">\n'.encode())
    for p in packages:
        pkgid, paths = p.pkgid(), files.of(p)
        head = f'<package pkgid="{pkgid}" name="{p.name}" arch="{p.arch}">\n{version_element(p)}'.encode()
        main.write(primary_element(p, pkgid, primary(paths)))
        lists.write(head + (file_elements(escaped(paths), b'  ') if paths else b'') + b'</package>\n')
        other.write(head + b'</package>\n')
        count += paths.count(b'\n') + 1 if paths else 0
    main.write(b'</metadata>\n')
    lists.write(b'</filelists>\n')
    other.write(b'</otherdata>\n')
    return count
