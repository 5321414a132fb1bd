"""With what a program compares texts: where a comparison fails, what would have passed is what an input should hold. A copy of the module is rewritten so
that it tells; Python's own code is not, so what a regular expression or a table in C looks for stays unknown."""
import ast
import operator

PAIRS_MAX = 60  # Of one input,
CHOICES_MAX = 12  # and of one comparison.
TEXT_MAX = 80
OPERATORS = {ast.Eq: "eq", ast.NotEq: "ne", ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge", ast.In: "in", ast.NotIn: "not_in"}
METHODS = {"startswith", "endswith", "index", "find", "rindex", "split", "partition", "get", "isdigit", "isnumeric", "isdecimal", "isalpha", "isalnum", "isupper", "islower", "isspace"}
CLASSES = {"isdigit": "1", "isnumeric": "1", "isdecimal": "1", "isalpha": "a", "isalnum": "a", "isupper": "A", "islower": "a", "isspace": " "}


class Rewriter(ast.NodeTransformer):
    def told(self, name, *arguments):
        return ast.Call(ast.Name(f"_leyden_{name}", ast.Load()), list(arguments), [])

    def visit_Compare(self, node):
        self.generic_visit(node)
        if len(node.ops) > 1 or type(node.ops[0]) not in OPERATORS:
            return node
        return ast.copy_location(self.told("compared", ast.Constant(OPERATORS[type(node.ops[0])]), node.left, node.comparators[0]), node)

    def visit_Call(self, node):
        self.generic_visit(node)
        if node.keywords or any(isinstance(one, ast.Starred) for one in node.args):
            return node
        if isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
            return ast.copy_location(self.told("called", node.func.value, ast.Constant(node.func.attr), *node.args), node)
        if isinstance(node.func, ast.Name) and node.func.id in ("int", "float") and len(node.args) == 1:
            return ast.copy_location(self.told("number", node.func, node.args[0]), node)
        return node

    def visit_Subscript(self, node):
        self.generic_visit(node)
        if not isinstance(node.ctx, ast.Load) or isinstance(node.slice, (ast.Slice, ast.Tuple, ast.Constant)):
            return node
        return ast.copy_location(self.told("item", node.value, node.slice), node)

    def unpacked(self, node):
        """`for a, b in …`"""
        self.generic_visit(node)
        if isinstance(node.target, ast.Tuple) and not any(isinstance(one, ast.Starred) for one in node.target.elts):
            node.iter = self.told("unpacked", node.iter, ast.Constant(len(node.target.elts)))
        return node

    visit_For = visit_comprehension = unpacked

    def visit_Match(self, node):
        self.generic_visit(node)
        texts = [one.value for case in node.cases for one in ast.walk(case.pattern) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        node.subject = self.told("matched", node.subject, ast.Constant(tuple(texts)))
        return node

    def visit_AnnAssign(self, node):
        if node.value is not None:
            node.value = self.visit(node.value)
        return node


def texts_among(choices):
    """Some of those that a text is looked for in."""
    try:
        some = [one for one in list(choices)[:500] if isinstance(one, str)]
    except Exception:
        return []
    return some[::max(1, len(some) // CHOICES_MAX)][:CHOICES_MAX]


class Record:
    """Puts the functions that a rewritten module calls into it."""

    def __init__(self, module):
        self.seen = {}
        for name in ("compared", "called", "number", "item", "unpacked", "matched"):
            vars(module)[f"_leyden_{name}"] = getattr(self, name)

    def begin(self):
        self.seen.clear()

    def note(self, text, wanted):
        if isinstance(text, str) and isinstance(wanted, str) and text and text != wanted and len(text) <= TEXT_MAX and len(wanted) <= TEXT_MAX:
            self.seen.pop((text, wanted), None)
            self.seen[text, wanted] = None  # The last one stands last.

    def note_all(self, text, choices):
        for one in choices:
            self.note(text, one)

    def pairs(self, one):
        """Those whose text stands in the input, the last first: that is where it ended."""
        source = "\n".join([text for _, text in one["arguments"]] + one["setup"]).lower()
        return [list(pair) for pair in reversed(self.seen) if pair[0].lower() in source][:PAIRS_MAX]

    def compared(self, name, left, right):
        if name in ("in", "not_in"):
            if isinstance(left, str):
                if isinstance(right, str) and len(left) > 1 or left == "":
                    self.note(right, f"{right}{left}")
                elif left not in right if isinstance(right, (str, dict, set, list, tuple)) else False:
                    self.note_all(left, texts_among(right))
            return (left in right) == (name == "in")
        if isinstance(left, str) and isinstance(right, str):
            self.note(left, right)
            self.note(right, left)
        return getattr(operator, name)(left, right)

    def called(self, thing, name, *arguments):
        if isinstance(thing, str):
            self.note_method(thing, name, arguments)
        elif name == "get" and isinstance(thing, dict) and arguments and isinstance(arguments[0], str) and arguments[0] not in thing:
            self.note_all(arguments[0], texts_among(thing))
        elif name == "index" and isinstance(thing, (list, tuple)) and arguments and isinstance(arguments[0], str):
            self.note_all(arguments[0], texts_among(thing))
        return getattr(thing, name)(*arguments)

    def note_method(self, thing, name, arguments):
        if name in CLASSES:
            self.note(thing, CLASSES[name])
            return
        part = arguments[0] if arguments else None
        if not isinstance(part, str):
            return
        if name == "startswith":
            self.note(thing, part + thing[len(part):])
            self.note(thing, part + thing)
        elif name == "endswith":
            self.note(thing, thing + part)
        elif part not in thing:
            self.note_all(part, texts_among(thing))
            self.note(thing, thing + part)
            self.note(thing, part.join((thing, "1")))

    def number(self, kind, text):
        if isinstance(text, str):
            try:
                float(text)
            except ValueError:
                self.note_all(text, ["1", "-2", "0", "12"])
        return kind(text)

    def item(self, thing, key):
        if isinstance(thing, dict) and isinstance(key, str) and key not in thing:
            self.note_all(key, texts_among(thing))
        return thing[key]

    def unpacked(self, items, count):
        for item in items:
            if isinstance(item, str) and len(item) != count:
                self.note(item, (item * count)[:count])
            yield item

    def matched(self, subject, texts):
        if isinstance(subject, str):
            self.note_all(subject, texts[:CHOICES_MAX])
        return subject
