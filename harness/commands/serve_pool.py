"""Tool servers for the trials of a check, each a child of a process that has the SDK loaded."""

import gc
import os
import select
import signal
import socket
from collections.abc import Callable
from typing import NoReturn

from harness.errors import HarnessError

_LONGEST = 65536
_STREAMS = 3


def serve_pool(number: int, serve: Callable[[str, str], None]) -> None:
    """Serve whoever comes to a listening socket until standard input ends.

    ``serve`` takes the files of a tool surface and of its calls, and answers on the standard
    streams until the other side has gone; a child calls it, with the streams of whoever came.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how a child ended
    gc.collect()
    gc.freeze()  # what is loaded stays shared with the children
    with socket.socket(fileno=number) as listening:
        while True:
            ready = select.select([listening.fileno(), 0], [], [])[0]
            if 0 in ready:  # the check has gone
                return
            connection = listening.accept()[0]
            if os.fork() == 0:
                listening.close()
                _child(connection, serve)
            connection.close()


def _child(connection: socket.socket, serve: Callable[[str, str], None]) -> NoReturn:
    code = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        asked, streams, _, _ = socket.recv_fds(connection, _LONGEST, _STREAMS)
        for to, stream in enumerate(streams):
            os.dup2(stream, to)
            os.close(stream)
        surface, _, calls = asked.decode().partition("\0")
        serve(surface, calls)
        code = 0
    except HarnessError as error:
        code = error.exit_code
        os.write(2, f"error: {error}\n".encode())
    finally:
        connection.send(bytes([code]))
        os._exit(code)
