#!/usr/bin/env python3
"""Compares Leyden's chat formats with transformers' apply_chat_template:  chat_parity.py LEYDEN_CHAT_RENDER [--conversations 2000] [--only NAME...]

For each template of chat_templates.py as many generated conversations, half of them with names of special tokens in their texts. Each is
rendered by transformers, by Leyden's native format where there is one, and by the template itself in Leyden's Jinja engine. Compared are
the text; the IDs, which must be those of tokenizing the rendered text, for conversations without such names (where a text has marks
that the vocabulary does not call special, such as <think>: those of tokenizing what stands between our special parts with the marks
switched off as well); and for all, that joining by parts gives the IDs of the plain way, and that no control token stands for text of
others. Where one side refuses a conversation, the other has to;
with the Jinja engine such cases are counted only.
"""
import argparse
import collections
import json
import pathlib
import random
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "tools"))

import python_environment  # noqa: E402

SKIPPED = 77
SHOWN = 3


class Leyden:
    def __init__(self, program, **load):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        answer = self.ask({"load": load})
        if "error" in answer:
            raise SystemExit(f"chat_parity: {answer['error']}")

    def ask(self, request):
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"chat_parity: Leyden died, code {self.process.wait()}, at {request}")
        return json.loads(line)

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def differences(reference, conversation, theirs, ours, hostile):
    """What differs, in words; theirs is the text or None."""
    if "error" in ours:
        if theirs is not None:
            yield "we refuse what the reference renders", ours["error"], theirs
        return
    if theirs is None:
        yield "we render what the reference refuses", "".join(text for text, _ in ours["parts"]), ""
        return
    text = "".join(text for text, _ in ours["parts"])
    if text != theirs:
        yield "text", text, theirs
    elif ours["ids"] != ours["plain_ids"]:
        yield "IDs by parts", ours["ids"], ours["plain_ids"]
    elif not hostile and reference.tokenizes:
        content = json.dumps([conversation["messages"], conversation.get("tools")], ensure_ascii=False)
        marked = any(mark in content for mark in reference.marks)
        ids = reference.ids_of_parts(ours["parts"]) if marked else reference.ids(theirs)
        if ours["ids"] != ids:
            yield "IDs", ours["ids"], ids
    # A control token that a message wrote would have to stand within a part of the template's own.
    written = sum(kind == "special" for _, kind in ours["parts"])
    if ours["controls"] != written:
        yield "a control token out of content", text, theirs
    elif reference.tokenizes and sum(i in reference.control_ids for i in ours["ids"]) != written:
        yield "a control token out of content, by the reference's list", text, theirs


def run(program, form, options, counts):
    import chat_conversations
    import chat_templates
    reference = chat_templates.Reference(form)
    title = form.name or "jinja"
    ways = {"jinja": Leyden(program, tokenizer=str(form.tokenizer), template=reference.text, bos=form.bos, eos=form.eos)}
    if form.name:
        ways["native"] = Leyden(program, tokenizer=str(form.tokenizer), format=form.name)
    row = collections.Counter()
    shown = collections.Counter()
    for number in range(options.conversations):
        hostile = number % 2 == 1
        conversation = chat_conversations.Maker(random.Random(f"{options.seed} {reference.text[:200]} {number}"), form, hostile).conversation()
        try:
            theirs = reference.render(conversation)
        except chat_templates.Refused as refused:
            theirs, why = None, str(refused)
            row["refused"] += 1
        for way, leyden in ways.items():
            for what, ours_value, theirs_value in differences(reference, conversation, theirs, leyden.ask(conversation), hostile):
                row[f"{way}: {what}"] += 1
                if shown[way, what] < SHOWN and options.verbose:
                    shown[way, what] += 1
                    print(f"DIFFERENT: {title} {way} {what}\n  conversation {json.dumps(conversation, ensure_ascii=False)}\n  ours   {ours_value!r}\n"
                          f"  theirs {theirs_value if theirs is not None else why!r}", flush=True)
    for leyden in ways.values():
        leyden.end()
    return row


def main():
    import chat_templates
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("program")
    arguments.add_argument("--conversations", type=int, default=2000, help="for each template")
    arguments.add_argument("--only", nargs="+", metavar="NAME", default=[])
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--verbose", action="store_true", help="show what differs")
    options = arguments.parse_args()
    total = compared = 0
    for form in chat_templates.FORMATS:
        label = form.name or form.template.__closure__[0].cell_contents
        if options.only and label not in options.only:
            continue
        if not form.tokenizer.exists():
            print(f"{label:45} skipped: {form.tokenizer.name} is not there (vocabularies.py brings it)", flush=True)
            continue
        row = run(options.program, form, options, collections.Counter())
        found = {what: count for what, count in row.items() if what != "refused"}
        # The engine is laxer than Python and lacks some of it, which is written down in docs/chat-formats.md: counted, and no failure.
        lenient = {"jinja: we render what the reference refuses", "jinja: we refuse what the reference renders"}
        wrong = sum(count for what, count in found.items() if what not in lenient)
        total += wrong
        compared += options.conversations
        print(f"{label:45} {options.conversations:6} conversations, {row['refused']:5} refused by the reference, "
              + (", ".join(f"{what}: {count}" for what, count in sorted(found.items())) or "no differences"), flush=True)
    print(f"{compared:,} conversations, {total} differences")
    return 1 if total or not compared else 0


if __name__ == "__main__":
    try:
        python_environment.enter("chat-reference", HERE / "chat_requirements.txt")
    except subprocess.CalledProcessError as error:
        print(f"chat_parity: SKIPPED: the reference could not be installed: {error}")
        sys.exit(SKIPPED)
    sys.exit(main())
