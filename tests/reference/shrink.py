"""Makes a text that fails as short as it gets: shrink(text, fails)."""


def shrink(text, fails, tries=3000):
    """A shorter text (bytes) for which fails(text) still holds: no character of it can be left out, nor be made an "a"."""
    characters = list(text.decode("utf-8", "surrogateescape"))

    def still(candidate):
        nonlocal tries
        tries -= 1
        return tries > 0 and fails("".join(candidate).encode("utf-8", "surrogateescape"))

    size = max(1, len(characters) // 2)
    while True:
        removed = False
        at = 0
        while at < len(characters):
            shorter = characters[:at] + characters[at + size:]
            if still(shorter):
                characters, removed = shorter, True
            else:
                at += size
        if size > 1:
            size //= 2
        elif not removed:
            break
    for at, character in enumerate(characters):
        if character != "a" and still(simpler := [*characters[:at], "a", *characters[at + 1:]]):
            characters = simpler
    return "".join(characters).encode("utf-8", "surrogateescape")
