"""In how many ways texts can be cut into words, and the fewest words of each."""


# EVOLVE-BLOCK-START
def cuts(texts, words):
    unique = []
    for word in words:
        if word not in unique:
            unique.append(word)

    def ways(text):
        if len(text) == 0:
            return 1
        total = 0
        for end in range(1, len(text) + 1):
            if text[:end] in unique:
                total = total + ways(text[end:])
        return total

    def fewest(text):
        if len(text) == 0:
            return 0
        best = len(text) * 1000
        for end in range(1, len(text) + 1):
            if text[:end] in unique:
                best = min(best, 1 + fewest(text[end:]))
        return best

    out = []
    for text in texts:
        possible = False
        for word in unique:
            if text.startswith(word):
                possible = True
        if possible and ways(text) > 0:
            out.append((ways(text), fewest(text)))
        else:
            out.append((0, 0))
    return out
# EVOLVE-BLOCK-END
