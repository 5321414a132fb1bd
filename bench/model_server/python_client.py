#!/usr/bin/env python3
"""OpenAI's own client, as its manual has it for streams: python_client.py URL REQUESTS AT_ONCE TOKENS PROMPT_TOKENS. Prints what it got."""
import asyncio
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "tools"))
import python_environment  # noqa: E402


async def run(url, requests, at_once, tokens, prompt_tokens):
    import openai
    client = openai.AsyncOpenAI(base_url=url + "/v1", api_key="none", max_retries=0)
    expected = "".join(chr(ord("a") + i % 26) for i in range(tokens))
    left = iter(range(requests))
    got = 0

    async def lane():
        nonlocal got
        for _ in left:
            ids, text = [], []
            stream = await client.completions.create(model="bench", prompt=[ord("p")] * prompt_tokens, max_tokens=tokens, temperature=0, stream=True,
                                                     stream_options={"include_usage": True}, extra_body={"return_token_ids": True})
            async for chunk in stream:
                for choice in chunk.choices:
                    text.append(choice.text)
                    ids += choice.token_ids or []
            assert "".join(text) == expected and len(ids) == tokens, "another answer"
            got += tokens

    await asyncio.gather(*(lane() for _ in range(at_once)))
    print(json.dumps({"requests": requests, "tokens": got}))


if __name__ == "__main__":
    python_environment.enter("bench-model-server", pathlib.Path(__file__).with_name("requirements.txt"))
    asyncio.run(run(sys.argv[1], *map(int, sys.argv[2:6])))
