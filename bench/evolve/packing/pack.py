"""26 circles in the unit square: centres on a grid; each radius is what is left. Prints x, y and r of each."""
import math

# EVOLVE-BLOCK-START
CENTRES = [
    (0.1, 0.1), (0.3, 0.1), (0.5, 0.1), (0.7, 0.1), (0.9, 0.1),
    (0.1, 0.3), (0.3, 0.3), (0.5, 0.3), (0.7, 0.3), (0.9, 0.3),
    (0.1, 0.5), (0.3, 0.5), (0.5, 0.5), (0.7, 0.5), (0.9, 0.5),
    (0.1, 0.7), (0.3, 0.7), (0.5, 0.7), (0.7, 0.7), (0.9, 0.7),
    (0.1, 0.9), (0.3, 0.9), (0.5, 0.9), (0.7, 0.9), (0.9, 0.9),
    (0.4, 0.4),
]


def radii(centres):
    out = [0.0] * len(centres)
    for i in range(len(centres)):
        x, y = centres[i]
        room = min(x, y, 1 - x, 1 - y)
        for j in range(len(centres)):
            if j != i:
                room = min(room, math.dist(centres[i], centres[j]) - out[j])
        out[i] = max(room * 0.5, 0.0)
    for _ in range(20):
        for i in range(len(centres)):
            x, y = centres[i]
            room = min(x, y, 1 - x, 1 - y)
            for j in range(len(centres)):
                if j != i:
                    room = min(room, math.dist(centres[i], centres[j]) - out[j])
            out[i] = max(room, 0.0)
    return out
# EVOLVE-BLOCK-END


for (x, y), r in zip(CENTRES, radii(CENTRES)):
    print(repr(x), repr(y), repr(max(r - 1e-12, 0.0)))
