"""Sockets: an echo server and its clients as goroutines, in virtual time and over the loopback."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import gmplab as gl
from tests.programs import rows
from tests.threads.watched import live

ANY_PORT = ("127.0.0.1", 0)


def echo(conn: Any) -> Any:
    """Send back what comes, until the end."""
    while data := (yield gl.recv(conn)):
        yield gl.send(conn, data)
    yield gl.close(conn)


def serve(listener: Any, clients: int) -> Any:
    for _ in range(clients):
        conn = yield gl.accept(listener)
        yield gl.go(echo, conn)
    yield gl.close(listener)


def client(address: tuple[str, int], i: int, messages: int, results: gl.Chan) -> Any:
    """Send messages of different lengths, one after the other, and read each back whole; how many bytes came back."""
    conn = yield gl.connect(address)
    total = 0
    for k in range(messages):
        message = f"{i}:{k};".encode() * (1 + (i + k) % 7)
        yield gl.send(conn, message)
        back = b""
        while len(back) < len(message):
            piece = yield gl.recv(conn)
            assert piece, "the server closed early"
            back += piece
        assert back == message
        total += len(back)
    yield gl.close(conn)
    yield gl.send(results, total)


def expected(clients: int, messages: int) -> int:
    return sum(len(f"{i}:{k};") * (1 + (i + k) % 7) for i in range(clients) for k in range(messages))


def echo_server(clients: int, messages: int) -> Callable[[], Any]:
    def main() -> Any:
        results = gl.Chan()
        listener = yield gl.listen(ANY_PORT)
        yield gl.go(serve, listener, clients)
        for i in range(clients):
            yield gl.go(client, listener.address, i, messages, results)
        total = 0
        for _ in range(clients):
            total += yield gl.recv(results)
        return total

    return main


@pytest.mark.parametrize("policy", ["go", "segmented", "go1.0", "tokio"])
def test_every_byte_of_an_echo_server_is_accounted_for(policy: str) -> None:
    run = live(echo_server(20, 10), policy=policy, procs=4, drain=True)
    assert run.result == expected(20, 10)
    assert run.metrics["n_exited"] == 42
    assert len(rows(run, "IOReady")) == (run.events["reason"] == "IO wait").sum()
    assert run.metrics["netpolls"] > 0


@pytest.mark.parametrize("policy", ["go", "segmented", "threadpool"])
def test_the_same_bodies_run_in_virtual_time(policy: str) -> None:
    # In the pool each of main, the server, its handlers and the clients keeps a thread.
    procs = 4 if policy != "threadpool" else 50
    run = gl.run(echo_server(20, 10), policy=policy, procs=procs, drain=True)
    assert run.result == expected(20, 10)
    assert run.digest == gl.run(echo_server(20, 10), policy=policy, procs=procs, drain=True).digest
    run.validate()
    free = gl.run(echo_server(20, 10), policy=policy, procs=procs, drain=True, costs=gl.Costs.zero())
    assert free.result == expected(20, 10)


def test_a_task_of_a_pool_keeps_its_thread_while_its_socket_is_not_ready() -> None:
    run = live(echo_server(3, 5), policy="threadpool", procs=10, drain=True)
    assert run.result == expected(3, 5)
    assert (run.events["kind"] == "Hold").sum() > 0


@pytest.mark.slow
def test_a_thousand_clients_exchange_a_hundred_thousand_messages_on_four_ps() -> None:
    run = live(echo_server(1_000, 100), policy="go", procs=4, drain=True)
    assert run.result == expected(1_000, 100)
    assert run.metrics["n_exited"] == 2_002
    assert len(rows(run, "IOReady")) > 0
    assert run.metrics["netpolls"] > 0


BOTH = pytest.mark.parametrize("run", [gl.run, live])


@BOTH
def test_who_connects_where_nobody_listens_is_refused(run: Callable[..., Any]) -> None:
    def main() -> Any:
        listener = yield gl.listen(ANY_PORT)
        yield gl.close(listener)
        try:
            yield gl.connect(listener.address)
        except ConnectionRefusedError:
            return "refused"

    assert run(main).result == "refused"


@BOTH
def test_the_end_of_a_connection_is_read_once_all_bytes_are(run: Callable[..., Any]) -> None:
    def sends(address: Any) -> Any:
        conn = yield gl.connect(address)
        sent = yield gl.send(conn, b"abcdef")
        assert sent == 6
        yield gl.close(conn)

    def main() -> Any:
        listener = yield gl.listen(ANY_PORT)
        yield gl.go(sends, listener.address)
        conn = yield gl.accept(listener)
        got = []
        while data := (yield gl.recv(conn, 4)):
            got.append(data)
        got.append((yield gl.recv(conn)))
        return b"|".join(got)

    assert run(main).result in (b"abcd|ef|",)


@BOTH
def test_who_waits_on_what_another_closes_is_told(run: Callable[..., Any]) -> None:
    def closes(x: Any) -> Any:
        yield gl.sleep(ms=1)
        yield gl.close(x)

    def main() -> Any:
        listener = yield gl.listen(ANY_PORT)
        ours = yield gl.connect(listener.address)
        yield gl.accept(listener)
        told = []
        for x, wait in ((ours, gl.recv), (listener, gl.accept)):
            yield gl.go(closes, x)
            try:
                yield wait(x)
            except OSError as e:
                told.append(e.strerror)
        return told

    assert run(main).result == ["use of closed network connection"] * 2


@BOTH
def test_a_second_reader_is_refused(run: Callable[..., Any]) -> None:
    def reads(conn: Any, told: gl.Chan) -> Any:
        try:
            yield gl.recv(conn)
        except OSError as e:
            yield gl.send(told, e.strerror)

    def main() -> Any:
        told = gl.Chan()
        listener = yield gl.listen(ANY_PORT)
        ours = yield gl.connect(listener.address)
        yield gl.go(reads, ours, told)
        yield gl.go(reads, ours, told)
        return (yield gl.recv(told))

    assert run(main).result in ("goroutine 2 receives from it already", "goroutine 3 receives from it already")


def test_a_megabyte_goes_through_though_nobody_reads_at_first() -> None:
    data = bytes(range(256)) * 4_096 * 4

    def sends(address: Any) -> Any:
        conn = yield gl.connect(address)
        yield gl.send(conn, data)
        yield gl.close(conn)

    def main() -> Any:
        listener = yield gl.listen(ANY_PORT)
        yield gl.go(sends, listener.address)
        conn = yield gl.accept(listener)
        yield gl.sleep(ms=5)
        got = bytearray()
        while piece := (yield gl.recv(conn)):
            got += piece
        return bytes(got) == data

    assert live(main).result is True


def test_what_is_left_open_is_closed_with_the_run() -> None:
    def main() -> Any:
        listener = yield gl.listen(ANY_PORT)
        yield gl.connect(listener.address)

    assert live(main).complete  # live() counts the descriptors


@pytest.mark.parametrize("address", ["127.0.0.1:80", ("127.0.0.1",), ("127.0.0.1", -1), ("127.0.0.1", 70_000), (1, 2)])
def test_an_address_is_a_host_and_a_port(address: Any) -> None:
    def main() -> Any:
        yield gl.listen(address)

    with pytest.raises(gl.GoPanic, match=r"TypeError: listen: address = .* must be \(host, port\)"):
        gl.run(main)


def test_a_host_that_is_no_number_is_refused_on_threads() -> None:
    def main() -> Any:
        try:
            yield gl.connect(("example.org", 80))
        except OSError as e:
            return e.strerror

    assert "syscall(call=socket.getaddrinfo" in live(main).result
