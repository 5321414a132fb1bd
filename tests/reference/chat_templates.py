"""Real chat templates and the reference renderer: transformers' apply_chat_template (requirements in chat_requirements.txt)."""
import dataclasses
import datetime
import json
import pathlib
import re
import struct

import python_environment

CACHE = python_environment.CACHE
VOCABULARIES = CACHE / "vocabularies"
TEMPLATES = CACHE / "deps" / "llama-jinja-0.5.0" / "models" / "templates"
DATE = datetime.datetime(2026, 11, 26)


@dataclasses.dataclass(frozen=True)
class Format:
    """A template and a tokenizer that it is used with."""
    name: str          # Leyden's native format; "" where the template goes through Jinja only.
    template: object   # A function that gives its text.
    tokenizer: pathlib.Path
    bos: str
    eos: str
    tools: bool = True              # Has a place for tool definitions,
    calls: bool = True              # for tool calls and results,
    one_call: bool = False          # for one call in a message only.
    alternates: bool = False        # Turns of user and assistant alternate.
    no_system: bool = False
    nine_characters: bool = False   # IDs of calls.
    arguments_as_text: bool = False
    null_content: bool = False      # Shows calls only where the content is null, which apply_chat_template takes out since 5.x.
    late_system: bool = True        # A system message may stand anywhere.


def _config(name):
    return lambda: json.loads((VOCABULARIES / f"{name}.config.json").read_text())["chat_template"]


def _file(name):
    return lambda: (TEMPLATES / f"{name}.jinja").read_text()


def _gguf(name):
    return lambda: gguf_template(CACHE / "models" / f"{name}.gguf")


def gguf_template(path):
    sizes = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
    with path.open("rb") as file:
        def number(kind):
            return struct.unpack("<" + kind, file.read(struct.calcsize("<" + kind)))[0]

        def value(kind):
            if kind == 8:
                return file.read(number("Q"))
            if kind == 9:
                item, count = number("I"), number("Q")
                return [value(item) for _ in range(count)]
            return number(sizes[kind])

        file.read(4 + 4 + 8)
        for _ in range(number("Q")):
            key, found = file.read(number("Q")), value(number("I"))
            if key == b"tokenizer.chat_template":
                return found.decode()
    raise ValueError(f"{path} has no chat template")


FORMATS = [
    Format("smollm2", _gguf("smollm2-135m"), CACHE / "models" / "smollm2-135m.gguf", "<|im_start|>", "<|im_end|>", tools=False, calls=False),
    Format("qwen2.5", _file("Qwen-Qwen2.5-7B-Instruct"), CACHE / "tokenizers" / "qwen2.5.json", "", "<|im_end|>"),
    Format("qwen2.5-coder", _gguf("qwen2.5-coder-1.5b"), CACHE / "tokenizers" / "qwen2.5.json", "", "<|im_end|>"),
    Format("qwen3", _config("qwen3"), VOCABULARIES / "qwen3.json", "", "<|im_end|>"),
    Format("llama3-prompting", _config("llama3"), VOCABULARIES / "llama3.json", "<|begin_of_text|>", "<|end_of_text|>", tools=False, calls=False),
    Format("llama3", _config("llama3.1"), VOCABULARIES / "llama3.1.json", "<|begin_of_text|>", "<|eot_id|>", tools=False, calls=False),
    Format("llama3.1", _file("meta-llama-Llama-3.1-8B-Instruct"), VOCABULARIES / "llama3.1.json", "<|begin_of_text|>", "<|eot_id|>", one_call=True),
    Format("llama3.2", _file("meta-llama-Llama-3.2-3B-Instruct"), VOCABULARIES / "llama3.1.json", "<|begin_of_text|>", "<|eot_id|>", one_call=True),
    Format("gemma2", _config("gemma2"), VOCABULARIES / "gemma2.json", "<bos>", "<eos>", tools=False, calls=False, alternates=True, no_system=True),
    Format("gemma3", _config("gemma3"), VOCABULARIES / "gemma3.json", "<bos>", "<end_of_turn>", tools=False, calls=False, alternates=True),
    Format("mistral-nemo", _file("mistralai-Mistral-Nemo-Instruct-2407"), VOCABULARIES / "mistral-v3.model", "<s>", "</s>", alternates=True,
           nine_characters=True),
    Format("deepseek-v3", _config("deepseek-v3"), VOCABULARIES / "deepseek-v3.json", "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>",
           tools=False, arguments_as_text=True, null_content=True),
    Format("deepseek-v3.1", _file("deepseek-ai-DeepSeek-V3.1"), VOCABULARIES / "deepseek-v3.json", "<｜begin▁of▁sentence｜>",
           "<｜end▁of▁sentence｜>", tools=False),
    Format("gpt-oss", _file("openai-gpt-oss-120b"), VOCABULARIES / "gpt-oss.json", "<|startoftext|>", "<|return|>", one_call=True,
           late_system=False),
    # Through Jinja only.
    Format("", _file("Mistral-Small-3.2-24B-Instruct-2506"), VOCABULARIES / "mistral-v3.model", "<s>", "</s>", alternates=True, nine_characters=True),
    Format("", _file("Qwen-QwQ-32B"), CACHE / "tokenizers" / "qwen2.5.json", "", "<|im_end|>"),
    Format("", _file("Qwen3-Coder"), VOCABULARIES / "qwen3.json", "", "<|im_end|>", late_system=False),
    Format("", _file("microsoft-Phi-3.5-mini-instruct"), VOCABULARIES / "phi-3.gguf", "<s>", "<|endoftext|>", tools=False, calls=False),
    Format("", _file("HuggingFaceTB-SmolLM3-3B"), VOCABULARIES / "llama3.1.json", "", "<|im_end|>", late_system=False),
    Format("", _file("Qwen3.5-4B"), VOCABULARIES / "qwen3.json", "", "<|im_end|>", late_system=False),
    Format("", _file("deepseek-ai-DeepSeek-V3.2"), VOCABULARIES / "deepseek-v3.json", "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>"),
    Format("", _file("NousResearch-Hermes-3-Llama-3.1-8B-tool_use"), VOCABULARIES / "llama3.1.json", "<|begin_of_text|>", "<|im_end|>"),
    Format("", _file("deepseek-ai-DeepSeek-R1-Distill-Qwen-32B"), VOCABULARIES / "deepseek-v3.json", "<｜begin▁of▁sentence｜>",
           "<｜end▁of▁sentence｜>", tools=False, null_content=True),
    Format("", _file("ibm-granite-granite-3.3-2B-Instruct"), VOCABULARIES / "starcoder.gguf", "<|end_of_text|>", "<|end_of_text|>"),
    Format("", _file("GLM-4.6"), VOCABULARIES / "qwen3.json", "", "<|endoftext|>"),
]


class Refused(Exception):
    """The reference has no answer to a conversation."""


class Reference:
    """transformers' renderer for one format, and its tokenizer where that is a tokenizer.json."""

    def __init__(self, form):
        import tokenizers
        import transformers
        self.form, self.text = form, form.template()
        options = {"chat_template": self.text, "bos_token": form.bos or None, "eos_token": form.eos}
        file = form.tokenizer if form.tokenizer.suffix == ".json" else VOCABULARIES / "qwen3.json"  # Any: it renders only.
        bare = len(transformers.PreTrainedTokenizerFast(tokenizer_file=str(file)))
        self.tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_file=str(file), **options)
        # Not where BOS or EOS are none of the vocabulary's: transformers would add them to it.
        self.tokenizes = file == form.tokenizer and len(self.tokenizer) == bare

        added = self.tokenizer.added_tokens_decoder
        # Told by how they are written, as control_mark.h has it.
        self.marks = [token.content for token in added.values()
                      if not token.special and re.fullmatch(r"<([|｜].*|.*[|｜]|/?(think|tool_calls?|tool_response))>", token.content)]
        self.control_ids = set(self.tokenizer.all_special_ids) | {
            i for i, token in added.items() if token.special or token.content in self.marks}
        description = json.loads(self.tokenizer.backend_tokenizer.to_str())
        for token in description["added_tokens"]:
            token["special"] = token["special"] or token["content"] in self.marks
        self.by_parts = tokenizers.Tokenizer.from_str(json.dumps(description))
        self.by_parts.encode_special_tokens = True

    def messages(self, conversation):
        out = []
        for message in conversation["messages"]:
            message = dict(message)
            if "tool_calls" in message:
                calls = []
                for call in message["tool_calls"]:
                    function = call["function"]
                    arguments = function["arguments"] if self.form.arguments_as_text else json.loads(function["arguments"])
                    calls.append({"type": "function", "id": call["id"], "function": {"name": function["name"], "arguments": arguments}})
                message["tool_calls"] = calls
            out.append(message)
        return out

    def render(self, conversation):
        from transformers.utils import chat_template_utils
        kwargs = {"add_generation_prompt": conversation["add_generation_prompt"]}
        if "enable_thinking" in conversation:
            kwargs["enable_thinking"] = conversation["enable_thinking"]
        kwargs["date_string"] = DATE.strftime("%d %b %Y")
        chat_template_utils.datetime = _Clock
        tools = [json.loads(tool) for tool in conversation.get("tools", [])] or None
        messages = self.messages(conversation)
        try:
            if self.form.null_content:  # As apply_chat_template did up to 4.x.
                messages = [{**message, "content": message.get("content")} for message in messages]
                special = self.tokenizer.special_tokens_map
                return chat_template_utils.render_jinja_template([messages], tools=tools, chat_template=self.text, **special, **kwargs)[0][0]
            return self.tokenizer.apply_chat_template(messages, tools=tools, tokenize=False, **kwargs)
        except Exception as error:  # Whatever a template's code raises.
            raise Refused(f"{type(error).__name__}: {error}") from None

    def ids(self, text):
        """What apply_chat_template(tokenize=True) makes of the rendered text."""
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]

    def ids_of_parts(self, parts):
        """The same with what stands between Leyden's special parts as text in which nothing is special."""
        out, text = [], ""
        for part, kind in [*parts, ["", "special"]]:
            if kind != "special":
                text += part
                continue
            out += self.by_parts.encode(text, add_special_tokens=False).ids
            out += [self.by_parts.token_to_id(part)] if part else []
            text = ""
        return out


class _Clock(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return DATE
