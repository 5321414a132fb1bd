"""What a Python user has: redis-py with the IDs as JSON or as a packed array. Each gives a context's IDs side by side."""
import array
import json
import random
import time

import redis
from redis._parsers import _HiredisParser, _RESP2Parser

CONTEXT_TOKENS = 4096


def read_contexts(file):
    """The IDs that leyden_bench_cache --ids wrote."""
    ids = array.array("I")
    ids.frombytes(file.read_bytes())
    return [ids[at:at + CONTEXT_TOKENS] for at in range(0, len(ids), CONTEXT_TOKENS)]


def connect(socket, parser):
    pool = redis.ConnectionPool(connection_class=redis.UnixDomainSocketConnection, path=str(socket), parser_class=parser)
    return redis.Redis(connection_pool=pool)


class Json:
    name = "JSON"

    @staticmethod
    def pack(ids):
        return json.dumps(list(ids), separators=(",", ":"))

    @staticmethod
    def join(values):
        out = []
        for value in values:
            out += json.loads(value)
        return out


class Packed:
    name = "packed array"

    @staticmethod
    def pack(ids):
        return ids.tobytes()

    @staticmethod
    def join(values):
        out = array.array("I")
        for value in values:
            out.frombytes(value)
        return out


class Peer:
    def __init__(self, socket, parser_name, parser, format, contexts, passages):
        self.name = f"redis-py{parser_name}, {format.name}"
        self.client, self.format = connect(socket, parser), format
        self.keys = []
        for c, ids in enumerate(contexts):
            keys = [f"peer:{format.name}:{passages}:{c}:{i}" for i in range(passages)]
            cuts = [CONTEXT_TOKENS * i // passages for i in range(passages + 1)]
            self.client.mset({key: format.pack(ids[a:b]) for key, a, b in zip(keys, cuts, cuts[1:])})
            self.keys.append(keys)

    def get(self, c):
        keys = self.keys[c]
        values = [self.client.get(keys[0])] if len(keys) == 1 else self.client.mget(keys)
        return self.format.join(values)


def measure(socket, contexts, passages, rounds, each, seed):
    """{name: ns a context of each round}. Fails where a peer's IDs are not those of the file."""
    peers = [Peer(socket, *parser, format, contexts, passages)
             for parser in (("", _RESP2Parser), (" with hiredis", _HiredisParser)) for format in (Json, Packed)]
    for peer in peers:
        for c, ids in enumerate(contexts):
            if list(peer.get(c)) != list(ids):
                raise SystemExit(f"{peer.name}: wrong IDs")
    times = {peer.name: [] for peer in peers}
    rng = random.Random(seed)
    for turn in range(rounds + 1):
        rng.shuffle(peers)
        for peer in peers:
            order = [rng.randrange(len(contexts)) for _ in range(each)]
            start = time.perf_counter_ns()
            for c in order:
                peer.get(c)
            if turn:  # The first one warms up.
                times[peer.name].append((time.perf_counter_ns() - start) / each)
    return times
