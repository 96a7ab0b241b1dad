"""Run as a script: hands its standard streams to the tool servers' parent, and waits for the end.

    python -I -S shim.py SOCKET SURFACE CALLS

It imports nothing of the harness, so that the server of a trial costs an agent next to nothing.
"""

import os
import socket
import sys


def main() -> int:
    """Return the exit code of the server that took the streams over."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as parent:
        parent.connect(sys.argv[1])
        socket.send_fds(parent, ["\0".join(sys.argv[2:4]).encode()], [0, 1, 2])
        os.close(0)  # the other side must be able to see either end
        os.close(1)
        code = parent.recv(1)
    return code[0] if code else 1


if __name__ == "__main__":
    os._exit(main())
