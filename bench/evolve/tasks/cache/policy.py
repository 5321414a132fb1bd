"""Two queues and a memory of what has gone: who is asked for twice soon moves to the main queue."""
from collections import OrderedDict

# EVOLVE-BLOCK-START
SMALL_SHARE = 0.5
GHOST_SHARE = 0.1
PROMOTE_AT = 3
COUNT_MAX = 7
# EVOLVE-BLOCK-END


class Policy:
    def __init__(self, capacity):
        self.capacity = capacity
        self.small, self.main, self.ghost = OrderedDict(), OrderedDict(), OrderedDict()

    # EVOLVE-BLOCK-START
    def hit(self, key):
        queue = self.small if key in self.small else self.main
        queue[key] = min(queue[key] + 1, COUNT_MAX)

    def take(self, key):
        """A key that is not there is taken; the key that goes for it, or None."""
        gone = None
        if len(self.small) + len(self.main) >= self.capacity:
            gone = self.make_room()
        if key in self.ghost:
            del self.ghost[key]
            self.main[key] = 0
        else:
            self.small[key] = 0
        return gone

    def make_room(self):
        while True:
            if len(self.small) > self.capacity * SMALL_SHARE or not self.main:
                key, count = self.small.popitem(last=False)
                if count >= PROMOTE_AT:
                    self.main[key] = 0
                    continue
                self.ghost[key] = True
                if len(self.ghost) > self.capacity * GHOST_SHARE:
                    self.ghost.popitem(last=False)
                return key
            key, count = self.main.popitem(last=False)
            if count == 0:
                return key
            self.main[key] = count - 1
    # EVOLVE-BLOCK-END
