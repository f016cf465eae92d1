"""Plain text for a terminal of 100 columns; colours only where one is looking."""
import os
import re
import sys
import textwrap

WIDTH = 100
INDENT = 4
LABEL = 17
COUNT = 11
COLOURED = (sys.stdout.isatty() and 'NO_COLOR' not in os.environ
            and os.environ.get('TERM', 'dumb') != 'dumb')
PAINT = {'bold': '1', 'dim': '2', 'green': '32', 'yellow': '33', 'red': '31', 'cyan': '36'}


def painted(text, colour):
    if not COLOURED or not colour:
        return text
    return f'\033[{PAINT[colour]}m{text}\033[0m'


def say(text='', colour=None):
    print(painted(text, colour), flush=True)


def heading(text, right=''):
    say()
    say(f'{text}{right:>{WIDTH - len(text)}}' if right else text, 'bold')
    say('-' * WIDTH, 'dim')


def paragraph(text, mark=''):
    margin = ' ' * INDENT
    say(textwrap.fill(' '.join(text.split()), WIDTH, initial_indent=margin + mark,
                      subsequent_indent=margin + ' ' * len(mark)))


def folded(text, width):
    """Broken after commas, semicolons and at ends of lines; a longer piece is left whole."""
    lines = ['']
    for piece in re.findall(r'.+?(?:[,;] |\n|$)', text):
        if lines[-1] and len(lines[-1]) + len(piece.rstrip()) > width:
            lines.append('')
        lines[-1] += piece.rstrip('\n')
        if piece.endswith('\n'):
            lines.append('')
    return [line.rstrip() for line in lines]


def labelled(label, text, colour=None):
    """A label at the left, and beside it a text of as many lines as it needs."""
    margin = ' ' * INDENT
    room = WIDTH - INDENT - LABEL
    for line in folded(text, room):
        say(f'{margin}{painted(label.ljust(LABEL), "dim")}{painted(line, colour)}')
        label = ''


def statement(sql):
    margin = ' ' * INDENT
    lines = folded(sql + ';', WIDTH - INDENT - 4)
    for number, line in enumerate(lines):
        say(margin + ('    ' if number else '') + painted(line, 'cyan'))


def verbatim(text):
    for line in text.splitlines():
        say(' ' * INDENT + line, 'cyan')


def counted(count, text, colour=None):
    say(f'{count:>{COUNT},}  {text}', colour)


def beside(text):
    """More about the count above."""
    for line in folded(text, WIDTH - COUNT - 2):
        say(' ' * (COUNT + 2) + line)


def progress(text):
    """What somebody at a terminal sees for a while; '' takes it away."""
    if sys.stderr.isatty():
        print(f'\r{text:<{WIDTH - 1}}\r', end='', file=sys.stderr, flush=True)
