"""The installed command, run as a process of its own: QGIS's Python and its libraries stay as they are."""

import os
import queue
import shutil
import subprocess
import threading

from processing.core.ProcessingConfig import ProcessingConfig
from qgis.core import QgsProcessingException

from .texts import language, say

SETTING = "SITING_COMMAND"
# QGIS sets these for its own Python, GDAL and Qt; others are misled by them.
_OURS = ("PYTHON", "GDAL_", "OGR_", "PROJ_", "QGIS", "QT_", "LD_LIBRARY_PATH", "DYLD_")
# Done, and done with something to tell.
_DONE = (0, 3, 4)


def command():
    """Return the path of the command: of the settings, of the environment, or as it is found."""
    given = ProcessingConfig.getSetting(SETTING) or os.environ.get(SETTING) or shutil.which("siting")
    if not given or shutil.which(given) is None:
        raise QgsProcessingException(say("no_command", found=given or "siting"))
    return given


def run(arguments, feedback):
    """Run the command until it ends, or is cancelled; tell what it prints.

    Parameters
    ----------
    arguments : list of str
        The command's.
    feedback : QgsProcessingFeedback
        It is told each line, and asked whether to go on.
    """
    call = [command(), *arguments, "--lang", language()]
    feedback.pushCommandInfo(subprocess.list2cmdline(call))
    surroundings = {key: value for key, value in os.environ.items() if not key.startswith(_OURS)}
    surroundings["PYTHONIOENCODING"] = "utf-8"
    process = subprocess.Popen(
        call,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        env=surroundings,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    told = _listen(process, feedback)
    if feedback.isCanceled():
        raise QgsProcessingException(say("cancelled"))
    if process.returncode not in _DONE:
        # The last lines name the fault; all of them stand in the log.
        raise QgsProcessingException("\n".join(told[-20:]) or say("failed", code=process.returncode))


def _listen(process, feedback):
    lines = queue.Queue()
    threading.Thread(target=_read, args=(process.stdout, lines), daemon=True).start()
    told = []
    while True:
        try:
            line = lines.get(timeout=0.2)
        except queue.Empty:
            line = ""
        if line is None:
            break
        if line:
            told.append(line)
            feedback.pushInfo(line)
        if feedback.isCanceled():
            process.terminate()
            break
    process.wait()
    return told


def _read(stream, lines):
    for line in stream:
        lines.put(line.rstrip("\n"))
    lines.put(None)
