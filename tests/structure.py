#!/usr/bin/python3
"""Fail when a room includes a room on its own floor or above: structure.py SOURCE-ROOT

The graph of #include "room/file.h" is read from the source. A room may include
itself and rooms on lower floors. Tests beside a file may also include tests/.
The include rule is tried on made-up includes first, so that a checker that
lets everything through is noticed.
"""
import pathlib
import re
import sys

FLOORS = [
    ['base'],
    ['schema', 'wire', 'package'],
    ['source', 'repo', 'bisect', 'queue'],
    ['scheduler', 'builder', 'merger', 'shell', 'notify'],
]
FLOOR = {room: n for n, rooms in enumerate(FLOORS) for room in rooms}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.MULTILINE)
GENERATED = {'config.h', 'schema/version-1.sql.inc', 'schema/version-2.sql.inc',
             'schema/version-3.sql.inc', 'schema/version-4.sql.inc', 'schema/version-5.sql.inc'}


def wrong(file, included):
    """Why this file must not include that one, or None."""
    room, target = file.split('/')[0], included.split('/')[0]
    if included in GENERATED or target == room:
        return None
    if target == 'tests':
        return None if file.split('/')[-1].startswith('test-') else 'only tests include tests/'
    if target not in FLOOR:
        return 'no such room; includes are written from the root: "room/file.h"'
    if FLOOR[target] == FLOOR[room]:
        return f'{target} and {room} are on the same floor'
    if FLOOR[target] > FLOOR[room]:
        return f'{target} is above {room}'
    return None


def try_rule():
    good = [('repo/check.c', 'base/err.h'), ('repo/check.c', 'repo/plan.h'), ('shell/task.c', 'schema/task.h'),
            ('base/fault.h', 'config.h'), ('scheduler/daemon.c', 'queue/queue.h'), ('wire/test-wire.c', 'tests/unit.h'), ('merger/main.c', 'bisect/settle.h')]
    bad = [('base/err.c', 'schema/store.h'), ('repo/plan.c', 'source/tag.h'), ('merger/main.c', 'scheduler/queue.h'),
           ('wire/conn.c', 'package/evr.h'), ('repo/plan.c', 'plan.h'), ('repo/plan.c', 'tests/unit.h')]
    for file, included in good:
        assert not wrong(file, included), (file, included)
    for file, included in bad:
        assert wrong(file, included), (file, included)


def main(root):
    files = edges = faults = 0
    try_rule()
    for room in FLOOR:
        for path in sorted((root / room).glob('**/*.[ch]')):
            file = str(path.relative_to(root))
            files += 1
            for included in INCLUDE.findall(path.read_text()):
                why = wrong(file, included)
                if not why and included not in GENERATED and not (root / included).is_file():
                    why = 'there is no such file'
                if why:
                    print(f'{file} includes {included}: {why}')
                    faults += 1
                edges += 1
    print(f'{files} files, {edges} includes, {faults} wrong')
    return 0 if files > 100 and edges > 500 and not faults else 1


if __name__ == '__main__':
    sys.exit(main(pathlib.Path(sys.argv[1])))
