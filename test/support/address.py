# Opens what an address may lead to as descriptors 3 (R) and 4 (W), and runs a command that inherits both.
#
#   address.py KIND TOKENS REPORT COMMAND...
#
# KIND is one of those below, or a file's path. @PID@ in the command and its environment stands for this process. REPORT becomes what is
# in it at the end, a byte for each token; of a server behind a socket, the child of this process, also how many bytes it was given back.
import os
import socket
import stat
import subprocess
import sys
import tempfile

kind, tokens, report = sys.argv[1], b"A" * int(sys.argv[2]), sys.argv[3]
command = [word.replace("@PID@", str(os.getpid())) for word in sys.argv[4:]]
spare = [os.open("/dev/null", os.O_RDONLY) for _ in range(8)]  # 3 and 4 are to be free


def fill(write_end):
    os.write(write_end, tokens)
    return write_end


def pipe():
    ends = os.pipe()
    fill(ends[1])
    return ends


def fifo():
    path = os.path.join(os.path.dirname(report), "fifo")
    os.mkfifo(path)
    end = fill(os.open(path, os.O_RDWR | os.O_NONBLOCK))
    return end, end


def file(path, flags=os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK):
    end = os.open(path, flags)
    return end, end


def plain(is_empty=False):
    end, path = tempfile.mkstemp()
    os.unlink(path)
    if not is_empty:
        fill(end)
    return end, end


def memfd():
    end = os.memfd_create("pool")
    fill(end)
    return end, end


def named_device(is_right):
    paths = [os.path.join(at, name) for at, _, names in os.walk("/dev") for name in names]
    return next(path for path in paths if is_right(os.lstat(path).st_mode))


def served(end, other):
    """Has a server behind the other end, which gives out again what it is given back. Closes it."""
    global server
    other.send(tokens) if kind != "seqpacket" else [other.send(b"A") for _ in tokens]
    told, tell = os.pipe()
    server = told, os.fork()
    if server[1] == 0:
        end.close()
        given = 0
        while (byte := other.recv(1)) not in (b"", b"Q"):
            given += 1
            other.send(byte)
        os.write(tell, b"%d" % given)
        os._exit(0)
    os.close(tell)
    other.close()
    return both(end.detach())


def connected():
    listener = socket.socket(socket.AF_UNIX)
    listener.bind("")
    listener.listen()
    end = socket.socket(socket.AF_UNIX)
    end.connect(listener.getsockname())
    return served(end, listener.accept()[0])


def tcp():
    listener = socket.create_server(("127.0.0.1", 0))
    end = socket.create_connection(listener.getsockname())
    kept.append(listener.accept()[0])
    return both(end.detach())


def alone(of_type, listens=False):
    end = socket.socket(socket.AF_UNIX, of_type)
    if listens:
        end.bind("")
        end.listen()
    return both(end.detach())


def both(end):
    return end, end


def deserted():
    end, other = socket.socketpair()
    other.send(tokens)
    other.close()
    return both(end.detach())


def datagrams():
    end, other = socket.socketpair(type=socket.SOCK_DGRAM)
    kept.append(other)
    return both(end.detach())


kept, server = [], None
kinds = {
    "block": lambda: file(named_device(stat.S_ISBLK), os.O_PATH),
    "closed": lambda: (-1, -1),
    "connected": connected,
    "datagrams": datagrams,
    "deserted": deserted,
    "directory": lambda: file("/", os.O_RDONLY),
    "ends": lambda: [end.detach() for end in socket.socketpair()],
    "empty": lambda: plain(True),
    "eventfd": lambda: both(os.eventfd(len(tokens))),
    "fifo": fifo,
    "listens": lambda: alone(socket.SOCK_STREAM, True),
    "memfd": memfd,
    "one": lambda: (pipe()[0], -1),
    "pidfd": lambda: both(os.pidfd_open(os.getpid())),
    "pipe": pipe,
    "plain": plain,
    "reads": lambda: both(pipe()[0]),
    "seqpacket": lambda: served(*socket.socketpair(type=socket.SOCK_SEQPACKET)),
    "stream": lambda: served(*socket.socketpair()),
    "swapped": lambda: pipe()[::-1],
    "tcp": tcp,
    "terminal": lambda: both(os.openpty()[1]),
    "two": lambda: (pipe()[0], pipe()[1]),
    "unconnected": lambda: alone(socket.SOCK_STREAM),
    "writes": lambda: both(pipe()[1]),
}
ends = list(kinds[kind]() if kind in kinds else file(kind))
for number, end in zip((3, 4), ends):
    os.dup2(end, number) if end >= 0 else os.close(number)
for end in {*ends, *spare} - {-1, 3, 4}:  # one that is close-on-exec would make a client of us
    os.close(end)
environment = {name: value.replace("@PID@", str(os.getpid())) for name, value in os.environ.items()}
status = subprocess.run(command, env=environment, pass_fds=[n for n, end in zip((3, 4), ends) if end >= 0]).returncode


def left():
    if server is not None:
        os.set_blocking(3, True)  # make 4.4 has it otherwise
        try:
            os.write(3, b"Q")
        except BrokenPipeError:  # it was killed
            pass
        given = os.read(server[0], 16).decode()
        rest = b"".join(iter(lambda: os.read(3, 1), b""))
        os.waitpid(server[1], 0)
        return f"{rest.decode()} {given}"
    if kind in ("plain", "memfd"):
        return os.pread(3, 99, 0).decode()
    if kind == "eventfd":
        return "A" * os.eventfd_read(3)
    if kind in ("fifo", "one", "pipe", "reads"):
        os.set_blocking(3, False)
        return os.read(3, 99).decode()
    if kind == "swapped":
        return os.read(4, 99).decode()
    if kind == "deserted":
        return "".join(iter(lambda: os.read(3, 1).decode(), ""))
    return tokens.decode()


with open(report, "w") as file_:
    file_.write(left())
sys.exit(status)
