"""Puts the native library into the wheel: the one that `make build` left in out/lib, or a new one.

Everything else is said in pyproject.toml.
"""

import re
import subprocess
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

CHECKOUT = Path(__file__).resolve().parents[2]
HEADER = CHECKOUT / "include/plaudit.h"

if not HEADER.is_file():
    sys.exit("plaudit builds from its checkout only: clone it, then pip install ./bindings/python")
MACROS = dict(re.findall(r"#define PLAUDIT_(\w+) (\d+)", HEADER.read_text()))
SONAME = f"libplaudit.so.{MACROS['ABI_VERSION']}"


class BuildWithLibrary(build_py):
    """Copies the library beside the modules; an editable install finds it in the checkout."""

    def run(self):
        super().run()
        if self.editable_mode:
            return
        library = CHECKOUT / "out/lib" / SONAME
        if not library.exists():
            self.announce("building the native library with make", level=2)
            done = subprocess.run(["make", "-C", str(CHECKOUT), "build"])
            if done.returncode or not library.exists():
                sys.exit("the native library could not be built; see what `make build` says")
        native = Path(self.build_lib) / "plaudit/_native"
        native.mkdir(parents=True, exist_ok=True)
        self.copy_file(str(library.resolve()), str(native / SONAME))


class WheelOfThisPlatform(bdist_wheel):
    """One wheel for every Python 3: ctypes needs no extension module."""

    def finalize_options(self):
        super().finalize_options()
        self.root_is_pure = False

    def get_tag(self):
        return "py3", "none", super().get_tag()[2]


setup(
    version=".".join(MACROS[f"VERSION_{part}"] for part in ("MAJOR", "MINOR", "PATCH")),
    cmdclass={"build_py": BuildWithLibrary, "bdist_wheel": WheelOfThisPlatform})
