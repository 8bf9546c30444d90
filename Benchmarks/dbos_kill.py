"""Runs three-step workflows of DBOS Transact on SQLite until it is killed. Each step first appends its key to a file.

    dbos_kill.py DATABASE SIDE-FILE IN-FLIGHT
"""

import os
import sys
import threading
import time

from dbos import DBOS

database, side, in_flight = sys.argv[1], sys.argv[2], int(sys.argv[3])
file = os.open(side, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
DBOS(config={"name": "kill", "system_database_url": "sqlite:///" + database, "log_level": "ERROR", "run_admin_server": False})


@DBOS.step()
def step(name):
    key = "%s/%s" % (DBOS.workflow_id, name)
    os.write(file, ("begin %s\n" % key).encode())
    time.sleep(0.002)
    os.write(file, ("end %s\n" % key).encode())
    return 1


@DBOS.workflow()
def chain():
    for name in "abc":
        step(name)
    return 1


DBOS.launch()


def work():
    while True:
        chain()


for _ in range(in_flight):
    threading.Thread(target=work, daemon=True).start()
while True:
    time.sleep(1)
