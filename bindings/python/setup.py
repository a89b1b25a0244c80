"""Puts the native library and the default model into the wheel: those that `make build model` left
in out, or new ones.

Everything else is said in pyproject.toml.
"""

import atexit
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

CHECKOUT = Path(__file__).resolve().parents[2]
HEADER = CHECKOUT / "include/plaudit.h"

if not HEADER.is_file():
    sys.exit("plaudit builds from its checkout only: clone it, then pip install ./bindings/python")
MACROS = dict(re.findall(r"#define PLAUDIT_(\w+) (\d+)", HEADER.read_text()))
VERSION = ".".join(MACROS[f"VERSION_{part}"] for part in ("MAJOR", "MINOR", "PATCH"))
MODEL = "brand-sentiment"
SONAME = f"libplaudit.so.{MACROS['ABI_VERSION']}"

# Nothing is built in the checkout, where a module that was deleted since would be packed again.
SCRATCH = tempfile.mkdtemp(prefix="plaudit-build-")
atexit.register(shutil.rmtree, SCRATCH, ignore_errors=True)


class BuildWithLibrary(build_py):
    """Copies the library beside the modules; an editable install finds it in the checkout."""

    def run(self):
        super().run()
        if self.editable_mode:
            return
        # By its full version: what an older header left there is built anew.
        library = CHECKOUT / "out/lib" / f"libplaudit.so.{VERSION}"
        if not library.exists():
            self.announce("building the native library with make", level=2)
            try:
                subprocess.run(["make", "-C", str(CHECKOUT), "build"], check=True)
            except (OSError, subprocess.CalledProcessError) as error:
                sys.exit(f"the native library could not be built, see `make build`: {error}")
            if not library.exists():
                sys.exit(f"`make build` left no {library}")
        native = Path(self.build_lib) / "plaudit/_native"
        native.mkdir(parents=True, exist_ok=True)
        self.copy_file(str(library), str(native / SONAME))
        self.copy_tree(str(CHECKOUT / "out/licenses"), str(native / "licenses"))
        self.copy_model(native / "models" / MODEL)

    def copy_model(self, target):
        """The default model, beside the library, which looks for it there."""
        source = CHECKOUT / "out/models" / MODEL
        if not (source / "config.json").is_file():
            self.announce("putting the default model together with make", level=2)
            try:
                subprocess.run(["make", "-C", str(CHECKOUT), "model"], check=True)
            except (OSError, subprocess.CalledProcessError) as error:
                sys.exit(f"the default model could not be made, see `make model`: {error}")
        for file in sorted(source.rglob("*")):
            if file.is_file() and not file.name.startswith("."):
                copy = target / file.relative_to(source)
                copy.parent.mkdir(parents=True, exist_ok=True)
                self.copy_file(str(file), str(copy))


class WheelOfThisPlatform(bdist_wheel):
    """One wheel for every Python 3: ctypes needs no extension module."""

    def finalize_options(self):
        super().finalize_options()
        self.root_is_pure = False

    def get_tag(self):
        return "py3", "none", super().get_tag()[2]


setup(
    version=VERSION,
    options={"build": {"build_base": SCRATCH}, "egg_info": {"egg_base": SCRATCH}},
    cmdclass={"build_py": BuildWithLibrary, "bdist_wheel": WheelOfThisPlatform})
