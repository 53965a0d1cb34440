"""The same frames give the same bytes, in any process."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SCRIPT = """
import hashlib, json, sys
sys.path[:0] = [{here!r}, {root!r}]
import made_up
made = made_up.rendered_exhibits(True)
files = {{path: data for one in made.values() for path, data in one.files.items()}}
print(json.dumps({{path: hashlib.sha256(data).hexdigest() for path, data in files.items()}}))
"""


def test_bytes_repeat_in_another_process_with_another_hash_seed_time_zone_and_locale(files):
    settings = {"PYTHONHASHSEED": "4711", "TZ": "Asia/Shanghai", "LC_ALL": "C", "SOURCE_DATE_EPOCH": "1"}
    script = SCRIPT.format(here=str(HERE), root=str(HERE.parents[2]))
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, env=os.environ | settings, capture_output=True, text=True, check=True, timeout=120)
    other = json.loads(done.stdout)
    assert other == {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}
