"""A headless Chromium, controlled through the pipe of its remote debugging protocol. It needs only the browser."""

import base64
import fcntl
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time

# Long, because a test must not fail on a slow machine.
LIMIT = 120


class Browser:
    def __init__(self):
        program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        if not program:
            raise FileNotFoundError("chromium isn't installed: apt-get install chromium")
        self.profile = tempfile.mkdtemp(prefix="wal-chromium-")
        commands, self.writer = os.pipe()
        reader, events = os.pipe()
        # The browser reads commands from descriptor 3 and writes events to 4. The copies must not overwrite each other.
        commands_copy, events_copy = (fcntl.fcntl(end, fcntl.F_DUPFD, 20) for end in (commands, events))

        def place_pipes():
            os.dup2(commands_copy, 3)
            os.dup2(events_copy, 4)

        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--remote-debugging-pipe", "--user-data-dir=" + self.profile,
             "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-background-networking"],
            preexec_fn=place_pipes, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for end in (commands, events, commands_copy, events_copy):
            os.close(end)
        self.reader = os.fdopen(reader, "rb", 0)
        self.count = 0
        self.answers = {}
        self.events = []
        self.changed = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        rest = b""
        while data := self.reader.read(1 << 16):
            *messages, rest = (rest + data).split(b"\0")
            with self.changed:
                for message in map(json.loads, messages):
                    if "id" in message:
                        self.answers[message["id"]] = message
                    else:
                        self.events.append(message)
                self.changed.notify_all()

    def call(self, method, session=None, **parameters):
        with self.changed:
            self.count += 1
            number = self.count
        message = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self.writer, json.dumps(message).encode() + b"\0")
        with self.changed:
            if not self.changed.wait_for(lambda: number in self.answers, LIMIT):
                raise TimeoutError(method)
            answer = self.answers.pop(number)
        if "error" in answer:
            raise RuntimeError(method + ": " + str(answer["error"]))
        return answer["result"]

    def close(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)


class Tab:
    def __init__(self, browser, address, width=1280, height=800, scheme="light", context=None):
        self.browser = browser
        self.width = width
        where = {"browserContextId": context} if context else {}
        self.target = browser.call("Target.createTarget", url="about:blank", **where)["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=self.target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")
        self.resize(height)
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": "reduce"}])
        self.call("Page.navigate", url=address)

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def resize(self, height):
        self.call("Emulation.setDeviceMetricsOverride", width=self.width, height=height, deviceScaleFactor=1,
                  mobile=self.width < 500)

    def run(self, script):
        """The value of an expression in the page."""
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(script + ": " + str(result["exceptionDetails"].get("exception", {}).get("description")))
        return result["result"].get("value")

    def wait(self, script, what=None):
        """Waits until an expression holds."""
        end = time.monotonic() + LIMIT
        # The names of the expression don't exist before the page is loaded.
        while not self.run("(() => { try { return " + script + "; } catch { return false; } })()"):
            if time.monotonic() > end:
                raise AssertionError(f"{what or script} doesn't hold after {LIMIT} s: "
                                     + str(self.run("document.body.innerText"))[:600])
            time.sleep(0.1)

    def press(self, key, code=None, text=None):
        keys = {"Tab": 9, "Enter": 13, "Escape": 27, "ArrowRight": 39, " ": 32}
        parameters = {"key": key, "windowsVirtualKeyCode": keys.get(key, ord(key[0].upper()))}
        if text or len(key) == 1 or key == "Enter":
            parameters["text"] = text or ("\r" if key == "Enter" else key)
        self.call("Input.dispatchKeyEvent", type="keyDown", **parameters)
        parameters.pop("text", None)
        self.call("Input.dispatchKeyEvent", type="keyUp", **parameters)

    def events(self, method):
        return [event["params"] for event in list(self.browser.events)
                if event["method"] == method and event.get("sessionId") == self.session]

    def screenshot(self, path, isWhole=False):
        if isWhole:
            self.resize(self.run("document.documentElement.scrollHeight"))
            time.sleep(0.3)
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def close(self):
        self.browser.call("Target.closeTarget", targetId=self.target)
