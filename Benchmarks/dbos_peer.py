"""Three-step workflows of DBOS Transact. Prints a JSON object with steps a second.

    dbos_peer.py SCRATCH sqlite|CONNECTION COUNT IN-FLIGHT
"""

import json
import os
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

from dbos import DBOS

scratch, address, count, in_flight = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
if address == "sqlite":
    path = os.path.join(scratch, "dbos.sqlite")
    if os.path.exists(path):
        os.remove(path)
    url = "sqlite:///" + path
else:
    fields = dict(pair.split("=", 1) for pair in address.split())
    url = "postgresql://%s@/%s?host=%s" % (fields.get("user", "postgres"), "dbos_peer", quote(fields["host"], safe=""))
    if "port" in fields:
        url += "&port=" + fields["port"]

DBOS(config={"name": "peer", "system_database_url": url, "log_level": "ERROR", "run_admin_server": False})


@DBOS.step()
def add(value):
    return {"id": value["id"], "number": value["number"] + 1, "text": value["text"]}


@DBOS.workflow()
def chain(value):
    for _ in range(3):
        value = add(value)
    return value


DBOS.launch()
used = resource.getrusage(resource.RUSAGE_SELF)
start = time.monotonic()
with ThreadPoolExecutor(max_workers=in_flight) as pool:
    for number, value in enumerate(pool.map(
            lambda n: chain({"id": "task %d" % n, "number": n, "text": "sixty bytes of a value"}), range(count))):
        assert value["number"] == number + 3
seconds = time.monotonic() - start
after = resource.getrusage(resource.RUSAGE_SELF)
cpu = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
print(json.dumps({"steps_per_second": round(count * 3 / seconds, 1), "cpu_us_per_step": round(cpu / count / 3 * 1e6, 1)}), flush=True)
os._exit(0)
