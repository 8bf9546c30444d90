#!/usr/bin/env python3
"""Opens the live page of `wal serve` in a real Chromium, and fails if the page has a defect.

Usage: Tests/Browser/page.py WAL [--shots DIR]    WAL is the tool; --shots leaves screenshots of the whole page
It needs chromium, sqlite3, and axe-core, which it fetches from PyPI into .build/axe.
"""

import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import zipfile

from chromium import LIMIT, Browser, Tab

HOSTILE = "<img src=x onerror=alert(1)>"
SCRIPT = "</script><script>alert(2)</script>"
LARGEST = 2**63 - 1
MIRRORED = "card declined \u202egpj.exe"


class Writer:
    """A running `wal ingest` with hostile tasks, some of which the database refuses."""

    def __init__(self, tool, directory, start):
        self.process = subprocess.Popen(
            [tool, "ingest", "--log", directory + "/log", "--store", "sqlite:" + directory + "/tasks.db", "--source", f"test{start}",
             "--disk-budget", "64MiB", "-"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.number = start
        self.thread = threading.Thread(target=self._feed, daemon=True)
        self.thread.start()

    def _feed(self):
        try:
            while True:
                for _ in range(20):
                    self._event()
                self.process.stdin.flush()
                time.sleep(0.05)
        except (BrokenPipeError, ValueError):
            pass

    def _event(self):
        self.number += 1
        now = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + f".{self.number % 10**6:06}Z"
        task = f"task-{self.number // 3}"
        if self.number % 3 == 0:
            event = {"type": "task_update", "task": {
                "id": task if self.number % 600 else f"bad-{self.number}", "dag_id": HOSTILE if self.number % 30 == 0 else "orders",
                "node_id": "charge", "status": "running", "created_at": now,
                "payload": {"amount": LARGEST, "card": "4111111111111111", "note": SCRIPT}}}
        elif self.number % 3 == 1:
            event = {"type": "activity_log", "activity": {
                "id": f"a{self.number}", "task_id": task, "dag_id": "orders", "node_id": "charge", "level": "warning",
                "action": "retry", "message": "attempt 2 of 3, token=abc123", "created_at": now}}
        else:
            event = {"type": "status_update", "task_id": task, "updated_at": now, "status": "failed", "error": MIRRORED}
        self.process.stdin.write(json.dumps(event).encode() + b"\n")

    def kill(self):
        self.process.kill()
        self.process.wait()


class Service:
    """The log, its writer and `wal serve`."""

    def __init__(self, tool):
        self.tool = tool
        self.directory = tempfile.mkdtemp(prefix="wal-browser-")
        self.port = 0
        first = {"type": "task_delete", "task_id": "none"}
        subprocess.run([tool, "ingest", "--log", self.directory + "/log", "--store", self.store, "-"], check=True,
                       input=json.dumps(first).encode() + b"\n", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.sql("CREATE TRIGGER no BEFORE INSERT ON dag_tasks WHEN NEW.id LIKE 'bad%' "
                 f"BEGIN SELECT RAISE(ABORT, 'refused: {HOSTILE}'); END")
        self.writer = Writer(tool, self.directory, 0)
        self.serve()

    @property
    def store(self):
        return "sqlite:" + self.directory + "/tasks.db"

    def sql(self, text):
        return subprocess.run(["sqlite3", "-cmd", ".timeout 60000", self.directory + "/tasks.db", text], check=True,
                              capture_output=True).stdout.decode().strip()

    def serve(self):
        self.server = subprocess.Popen(
            [self.tool, "serve", self.directory + "/log", "--port", str(self.port), "--store", self.store, "--allow", "redrive",
             "--token-file", self.directory + "/token"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.address = self.server.stdout.readline().decode().strip()
        self.port = int(self.address.rstrip("/").rsplit(":", 1)[1])
        with open(self.directory + "/token") as file:
            self.token = file.read().strip()

    @property
    def entrance(self):
        return self.address + "#t=" + self.token

    def get(self, path):
        request = urllib.request.Request(self.address + path, headers={"Authorization": "Bearer " + self.token})
        with urllib.request.urlopen(request, timeout=LIMIT) as answer:
            return json.load(answer)

    def close(self):
        self.writer.kill()
        self.server.kill()
        self.server.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


def axe():
    """The script of axe-core."""
    directory = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../.build/axe")
    os.makedirs(directory, exist_ok=True)
    if not glob.glob(directory + "/*.whl"):
        with open(directory + "/requirements.txt", "w") as file:
            file.write("axe-playwright-python==0.1.8 "
                       "--hash=sha256:fdd263c998388f1a8e67cad02677e612d946248bd44d163be5e8650ea31f95f8\n")
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", "-d", directory, "-r",
                        directory + "/requirements.txt"], check=True)
    return zipfile.ZipFile(glob.glob(directory + "/*.whl")[0]).read("axe_playwright_python/axe.min.js").decode()


LIVE = "document.getElementById('live').textContent === 'live'"
SERIOUS = """axe.run().then(result => result.violations.filter(each => ["serious", "critical"].includes(each.impact))
    .map(each => each.id + ": " + each.nodes.slice(0, 3).map(node => node.html).join(" ")))"""


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def is_quiet(tab, service):
    """Checks that there is no browser message, no request to another host, no dialog, and nothing wider than the window."""
    for method in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Page.javascriptDialogOpening"):
        check(not tab.events(method), f"{method}: {tab.events(method)}")
    entries = [event["entry"] for event in tab.events("Log.entryAdded")]
    # The browser logs each failed request while the server is down.
    check(not [entry for entry in entries if entry["source"] != "network"], f"messages: {entries}")
    for event in tab.events("Network.requestWillBeSent"):
        address = event["request"]["url"]
        check(address.startswith((service.address, "data:")), f"a request to {address}")
    widths = tab.run("[document.documentElement.scrollWidth, innerWidth]")
    check(widths[0] <= widths[1], f"the page is {widths[0]} wide in a window of {widths[1]}")


def looks(browser, service, shots):
    """Checks each size and each scheme: accessible, and within the window."""
    script = axe()
    for width, height in ((1280, 800), (390, 844)):
        for scheme in ("light", "dark"):
            tab = Tab(browser, service.entrance, width, height, scheme)
            tab.wait(LIVE)
            tab.wait("document.querySelectorAll('#letters .item').length > 0", "a dead letter")
            tab.wait("document.querySelectorAll('#results .item').length > 0", "results")
            tab.wait("document.querySelectorAll('#map .cell').length > 0", "segments")
            check(tab.run("location.hash.includes('t=')") is False, "the token stays in the address")
            check(tab.run("document.documentElement.dataset.theme") == scheme, "the theme isn't the system's")
            # Covers each size and each scheme once.
            if (width == 1280) == (scheme == "light"):
                tab.run(script)
                serious = tab.run(SERIOUS)
                check(not serious, f"{width} {scheme}: {serious}")
            is_quiet(tab, service)
            if shots:
                time.sleep(12)
                tab.screenshot(f"{shots}/page-{width}-{scheme}.png", isWhole=True)
            tab.close()


SEGMENTS = """take('segments', {removed: [], changed: Array.from({length: 1000}, (_, index) => ({number: 100000 + index,
    state: 'sealed', codec: 'plain', first_sequence: String(index), last_sequence: String(index), bytes: 1, used: 1, epoch: 0}))})"""


def texts(browser, service):
    """Contents of tasks are shown as text, with all digits."""
    tab = Tab(browser, service.entrance)
    tab.wait(LIVE)
    tab.run("document.getElementById('query').value = 'onerror'; chooseTab('tasks')")
    tab.wait("document.getElementById('results').textContent.includes(" + json.dumps(HOSTILE) + ")", "a hostile name as text")
    shown = tab.run("document.getElementById('results').textContent")
    check(str(LARGEST) in shown and SCRIPT in shown and "4111111111111111" not in shown, f"payload: {shown[:400]}")
    check(MIRRORED.replace("\u202e", "·") in tab.run("resultRow({time: '0', kind: 'task', error: %s}).textContent" % json.dumps(MIRRORED)),
          "text runs backwards")
    check(tab.run("document.querySelectorAll('#page img, #page script, #page b').length") == 0, "text became markup")
    tab.run("document.getElementById('query').value = ''; chooseTab('activities')")
    tab.wait("document.getElementById('results').textContent.includes('token=•••')", "a masked token")
    check(tab.run("whole('%d')" % LARGEST) == f"{LARGEST:,}", "digits are lost")
    tab.run("take('status', {last_sequence: '%d', durable_sequence: '%d'})" % (LARGEST, LARGEST - 1))
    check(f"{LARGEST - 1:,}" in tab.run("document.getElementById('tiles').textContent"), "digits of the status are lost")
    # The picture of a flow is an image, so its scripts don't run.
    tab.run("document.getElementById('results').append(flowRow({task: 't', picture: "
            "'<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"8\" height=\"8\"><script>alert(3)</script></svg>'}))")
    tab.wait("document.querySelector('#results img')?.naturalWidth === 8", "the picture of a flow")
    # A thousand segments and long lists are also drawn.
    tab.run(SEGMENTS)
    check(tab.run("document.querySelectorAll('#map .cell').length") <= 200, "too many cells")
    is_quiet(tab, service)
    tab.close()


def memory(browser, service):
    """The memory doesn't grow with a second ten minutes of updates and a thousand segments."""
    tab = Tab(browser, service.entrance)
    tab.wait(LIVE)
    tab.call("HeapProfiler.enable")
    tab.run(f"source.close(); {SEGMENTS}")
    sizes = []
    for _ in range(2):
        tab.run("""(async () => {
            for (let count = 0; count < 600; count++) {
                const next = text => String(BigInt(text) + 1000000n);
                take('status', {time: next(status.time), last_sequence: next(status.last_sequence),
                    appended: {records: Number(status.appended.records) + 1000, bytes: Number(status.appended.bytes) + 1e6}});
                if (count % 10 === 0) await new Promise(requestAnimationFrame);
            }
        })()""")
        check(tab.run("history.length") == 600, "the page doesn't keep ten minutes")
        tab.call("HeapProfiler.collectGarbage")
        sizes.append(tab.call("Runtime.getHeapUsage")["usedSize"])
    check(sizes[1] - sizes[0] < 5 << 20, f"memory grows: {sizes}")
    is_quiet(tab, service)
    tab.close()


def keyboard(browser, service):
    tab = Tab(browser, service.entrance)
    tab.wait(LIVE)
    tab.wait("document.querySelectorAll('#letters .item').length > 0")
    reached = []
    while len(reached) < 500 and "results" not in reached:
        tab.press("Tab")
        reached.append(tab.run("document.activeElement.id || document.activeElement.dataset.tab || document.activeElement.tagName"))
    for name in ("pause", "theme", "letters-sink", "letters", "records", "query", "results"):
        check(name in reached, f"the keyboard doesn't reach {name}: {reached}")
    tab.run("document.activeElement.blur()")
    tab.press("/")
    check(tab.run("document.activeElement.id") == "query", "/ doesn't reach the search")
    for character in "kind:activity":
        tab.press(character)
    tab.press("Enter")
    tab.wait("location.hash.includes('activity') && document.querySelectorAll('#results .item').length > 0")
    tab.run("document.querySelector('[data-tab=records]').focus()")
    tab.press("ArrowRight")
    check(tab.run("document.activeElement.dataset.tab") == "tasks", "the arrow doesn't move between tabs")
    # A paused page must not change at all.
    tab.run("document.activeElement.blur()")
    tab.press("p")
    before = tab.run("document.getElementById('tiles').textContent")
    time.sleep(2.5)
    check(tab.run("document.getElementById('tiles').textContent") == before, "a paused page moves")
    tab.press("p")
    tab.wait("document.getElementById('tiles').textContent !== " + json.dumps(before))
    # The details of a segment on the map.
    tab.run("document.querySelector('#map button').focus()")
    tab.press(" ")
    tab.wait("!document.getElementById('segment').hidden")
    is_quiet(tab, service)
    tab.close()


def sign_in(browser, service):
    context = browser.call("Target.createBrowserContext")["browserContextId"]
    tab = Tab(browser, service.address, context=context)
    tab.wait("!document.getElementById('sign-in').hidden")
    check(tab.run("document.getElementById('page').hidden"), "the page is shown without a token")
    for token, result in (("wrong", "document.getElementById('sign-in-error').textContent !== ''"), (service.token, LIVE)):
        tab.run(f"document.getElementById('token').value = '{token}'; document.querySelector('#sign-in button').click()")
        tab.wait(result)
    check(tab.run("document.cookie") == "", "a script can read the cookie")
    is_quiet(tab, service)
    tab.close()


def streams(tabs):
    return sum(1 for tab in tabs for event in tab.events("Network.requestWillBeSent") if "/events?" in event["request"]["url"])


def tabs(browser, service):
    """Eight tabs share one connection. If its tab closes, another tab makes one."""
    opened = [Tab(browser, service.entrance) for _ in range(8)]
    for tab in opened:
        tab.wait(LIVE)
        tab.wait("history.length > 2 && minuteAgo() != null", "two samples")
    check(streams(opened) == 1, f"{streams(opened)} connections")
    leader = next(tab for tab in opened if streams([tab]))
    rest = [tab for tab in opened if tab is not leader]
    leader.close()
    for tab in rest:
        time_before = tab.run("status.time")
        tab.wait(f"status.time !== '{time_before}'", "an update after the first tab was closed")
    check(streams(rest) == 1, f"{streams(rest)} connections after the first tab was closed")
    for tab in rest:
        tab.close()


def alone(browser, service):
    """Without locks, as on plain HTTP, a tab has a connection of its own while it is seen, and all of the updates."""
    tab = Tab(browser, "about:blank")
    tab.call("Page.addScriptToEvaluateOnNewDocument",
             source="Object.defineProperty(Navigator.prototype, 'locks', {get: () => undefined})")
    tab.call("Page.navigate", url=service.entrance)
    tab.wait(LIVE)
    tab.run("chooseTab('tail')")
    tab.wait("document.querySelectorAll('#results .item').length > 0", "new records")
    tab.wait("document.querySelectorAll('#letters .item input').length > 0", "a dead letter")
    tab.run("document.querySelector('#letters .item input').click()")
    tab.run("[...document.querySelectorAll('#letters-actions button')].find(each => each.textContent.includes('1 selected')).click()")
    tab.run("document.getElementById('confirm-go').click()")
    tab.wait("document.getElementById('letters-job').textContent.startsWith('Done: ')", "the end of the job")
    tab.run("Object.defineProperty(document, 'hidden', {get: () => true, configurable: true});"
            "document.dispatchEvent(new Event('visibilitychange'))")
    tab.wait("source === null", "no connection of a hidden page")
    tab.run("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    tab.run("status.time = '0'")
    tab.wait("status.time !== '0'", "an update after the page was hidden")
    is_quiet(tab, service)
    tab.close()


def searches(browser, service):
    """A second click while an answer is awaited doesn't show the same records twice."""
    tab = Tab(browser, service.entrance)
    tab.wait(LIVE)
    tab.wait("document.querySelectorAll('#results .item').length === 100 && !document.getElementById('older').hidden", "results")
    tab.run("Promise.all([search(true), search(true)])")
    check(tab.run("document.querySelectorAll('#results .item').length") == 200, "records are shown twice")
    tab.run("(async () => { const pending = search(); chooseTab('tail'); await pending; })()")
    check(not tab.run("document.getElementById('scanned').textContent.startsWith('scanned')"), "a late answer replaces the tail")
    is_quiet(tab, service)
    tab.close()


def troubles(browser, service):
    """The writer and the server die and are restarted. The page recovers without a reload."""
    tab = Tab(browser, service.entrance)
    tab.wait(LIVE)
    tab.run("window.isOld = true")
    tab.wait("verdictBefore != null", "a verdict")
    # Slow syncs of a busy machine are critical, too. Only a change is announced.
    was_critical = tab.run("verdictBefore") == "critical"
    service.writer.kill()
    tab.wait("document.getElementById('live').textContent === 'no writer'")
    tab.wait("document.getElementById('verdict').textContent.includes('Critical')")
    announced = tab.run("document.getElementById('announcement').textContent")
    check(was_critical or "Critical" in announced, "a screen reader doesn't hear of it")
    service.writer = Writer(service.tool, service.directory, service.writer.number + 1)
    tab.wait(LIVE)
    service.server.send_signal(signal.SIGKILL)
    service.server.wait()
    tab.wait("document.getElementById('live').textContent === 'reconnecting'")
    service.serve()
    tab.wait(LIVE)
    check(tab.run("window.isOld"), "the page was loaded again")
    is_quiet(tab, service)
    tab.close()


def redrive(browser, service):
    tab = Tab(browser, service.entrance)
    tab.wait(LIVE)
    tab.wait("document.querySelectorAll('#letters .item input').length > 0")
    button = "[...document.querySelectorAll('#letters-actions button')].find(each => each.textContent.includes('%s'))"
    tab.run("document.querySelector('#letters .item input').click()")
    tab.run((button % "1 selected") + ".click()")
    tab.wait("document.getElementById('confirm').open")
    check("Redrive 1 dead letter" in tab.run("document.getElementById('confirm').textContent"), "the count isn't confirmed")
    tab.press("Escape")
    tab.wait("!document.getElementById('confirm').open")
    # Another letter arrives while the dialog is open, so the expected number is wrong.
    tab.run((button % "that match") + ".click()")
    tab.wait("document.getElementById('confirm').open")
    count = service.get("api/v1/dead-letters")["in_store"]
    while service.get("api/v1/dead-letters")["in_store"] == count:
        time.sleep(0.1)
    tab.run("document.getElementById('confirm-go').click()")
    tab.wait("document.getElementById('letters-job').textContent.includes('dead letters now')", "a refusal")
    # The letters stay if they are refused again.
    service.writer.kill()
    tab.wait("letters.in_store === %d" % service.get("api/v1/dead-letters")["in_store"])
    total = tab.run("letters.in_store")
    service.sql("DROP TRIGGER no")
    # A filter that is typed and not applied doesn't change the letters that are shown, and those count.
    tab.run("document.getElementById('letters-code').value = 'typed';" + (button % "that match") + ".click()")
    tab.wait("document.getElementById('confirm').open")
    tab.run("document.getElementById('confirm-go').click()")
    tab.wait(f"document.getElementById('letters-job').textContent.startsWith('Done: {total} of {total} applied')", "the redrive")
    check(service.get("api/v1/dead-letters")["in_store"] == 0, "letters are left")
    is_quiet(tab, service)
    tab.close()


def main():
    arguments = sys.argv[1:]
    shots = arguments[arguments.index("--shots") + 1] if "--shots" in arguments else None
    service = Service(os.path.abspath(arguments[0]))
    browser = Browser()
    try:
        # The first letter comes with the 600th event.
        end = time.monotonic() + LIMIT
        while not service.get("api/v1/dead-letters")["in_store"]:
            check(time.monotonic() < end, "no dead letter")
            time.sleep(0.1)
        looks(browser, service, shots)
        for part in (texts, memory, keyboard, sign_in, tabs, alone, searches, troubles, redrive):
            part(browser, service)
            print(f"{part.__name__}: as it should be", flush=True)
    finally:
        browser.close()
        service.close()
    print("The page is as it should be.")


if __name__ == "__main__":
    main()
