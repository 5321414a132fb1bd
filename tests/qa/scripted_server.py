"""A model server that says what a test wants, as text or by chat (the OpenAI kind), and counts what it was asked."""
import collections
import http.server
import json
import threading
import time


class InTurn:
    """Gives answers one after the other, from the front again after the last."""

    def __init__(self, answers):
        self.answers, self.at, self.lock = answers, 0, threading.Lock()

    def __call__(self, _prompt):
        with self.lock:
            self.at += 1
            return self.answers[(self.at - 1) % len(self.answers)]


class ScriptedServer:
    """`answer(prompt)` gives the text, always the same for the same prompt. Each answer takes `seconds`."""

    def __init__(self, answer, seconds=0.0):
        self.answer, self.seconds = answer, seconds
        self.asked = collections.Counter()
        self.ended = []  # (prompt, when its answer had been sent)
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_arguments):
                pass

            def say(self, code, kind, text):
                self.send_response(code)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def do_GET(self):
                if self.path == "/v1/models":
                    self.say(200, "application/json", json.dumps({"object": "list", "data": [{"id": "scripted", "object": "model"}]}).encode())
                else:
                    self.say(404, "application/json", b"{}")

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                chat = self.path == "/v1/chat/completions"
                if self.path != "/v1/completions" and not chat:
                    return self.say(404, "application/json", b"{}")
                prompt = "\n\n".join(message["content"] for message in body["messages"]) if chat else body["prompt"]
                outer.asked[prompt] += 1
                time.sleep(outer.seconds)
                text = outer.answer(prompt)
                usage = {"prompt_tokens": len(prompt) // 4, "completion_tokens": len(text) // 4, "total_tokens": (len(prompt) + len(text)) // 4}
                if chat and not body.get("stream"):
                    said = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
                    self.say(200, "application/json", json.dumps({"id": "1", "object": "chat.completion", "created": 0, "model": "scripted", "choices": [said], "usage": usage}).encode())
                    outer.ended.append((prompt, time.monotonic()))
                    return None
                lines = [{"id": "1", "object": "text_completion", "model": "scripted", "choices": [{"index": 0, "text": text, "finish_reason": None}]},
                         {"id": "1", "object": "text_completion", "model": "scripted", "choices": [{"index": 0, "text": "", "finish_reason": "stop"}], "usage": usage}]
                events = "".join(f"data: {json.dumps(line)}\n\n" for line in lines) + "data: [DONE]\n\n"
                self.say(200, "text/event-stream", events.encode())
                outer.ended.append((prompt, time.monotonic()))

            def handle(self):
                try:
                    super().handle()
                except ConnectionError:
                    pass  # Who asked was killed.

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def environment(self):
        return {"LEYDEN_LLM_URL": f"http://127.0.0.1:{self.server.server_address[1]}", "LEYDEN_LLM_KIND": "openai", "LEYDEN_LLM_CONTEXT_TOKENS": "16000",
                "LEYDEN_TOKENIZER": "o200k_base"}

    def close(self):
        self.server.shutdown()
        self.server.server_close()
