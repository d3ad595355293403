"""rpmver against rpm's own table of comparisons: test-rpmver.py TABLE."""

import csv
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import rpmver  # pylint: disable=wrong-import-position

MEETS = [('LT', '1', '2', True), ('LT', '2', '2', False), ('LE', '2', '2', True), ('EQ', '2', '2.0', False),
         ('EQ', '2', '02', True), ('GE', '2', '2', True), ('GE', '2~b', '2', False), ('GT', '2', '2', False),
         ('GT', '2^a', '2', True), (None, '1', '2', True)]


def results():
    with open(sys.argv[1], encoding='utf-8') as file:
        for row in csv.DictReader(file):
            yield f"{row['a']} {row['b']}", rpmver.compare_part(row['a'], row['b']) == int(row['expected'])
    for flag, have, want, good in MEETS:
        provide, require = ('a', 'EQ', ('0', have, '1')), ('a', flag, ('0', want, '1') if flag else None)
        yield f'{have} {flag} {want}', rpmver.meets(provide, require) == good
    yield 'epoch before version', rpmver.compare(('1', '1', '1'), ('0', '2', '1')) == 1
    yield 'release last', rpmver.compare(('0', '1', '1'), ('0', '1', '1+b1')) == -1


failed = 0
count = 0
for count, (name, good) in enumerate(results(), 1):
    print('ok' if good else 'not ok', count, '-', name)
    failed += not good
print(f'1..{count}')
sys.exit(failed > 0 or count < 100)
