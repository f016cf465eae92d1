"""How a program of the demonstration ends early: one line on stderr, and an exit code."""
import os
import sys

import psycopg2


class Failure(Exception):
    """What the reader has to be told."""


def run(main):
    try:
        main()
    except Failure as failure:
        sys.exit(f'demo: {failure}')
    except psycopg2.OperationalError as error:
        sys.exit(f'demo: no server, or it went away: {error}')
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
