"""Runs a notebook's code cells in order, as Jupyter would, without Jupyter.

    .venv/bin/python examples/notebooks/run.py examples/notebooks/train_and_compare.ipynb
    .venv/bin/python examples/notebooks/run.py NOTEBOOK --write     # keeps what the cells show

A cell that fails ends the run with its traceback and exit code 1. What cells print and the figures
they leave open are kept with --write.
"""

import argparse
import base64
import contextlib
import io
import json
import os
import sys
import traceback
from pathlib import Path

os.environ["MPLBACKEND"] = "Agg"


def shown():
    """The figures that are open, as PNG outputs; they are closed."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    outputs = []
    for number in pyplot.get_fignums() if pyplot else ():
        image = io.BytesIO()
        pyplot.figure(number).savefig(image, format="png", dpi=72, bbox_inches="tight")
        outputs.append({
            "output_type": "display_data", "metadata": {},
            "data": {"image/png": base64.b64encode(image.getvalue()).decode(),
                     "text/plain": ["<Figure>"]}})
    if pyplot:
        pyplot.close("all")
    return outputs


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("notebook", type=Path)
    parser.add_argument("--write", action="store_true", help="keep the outputs in the notebook")
    given = parser.parse_args()
    path = given.notebook.resolve()
    notebook = json.loads(path.read_text(encoding="utf-8"))
    os.chdir(path.parent)
    names = {"__name__": "__main__"}
    count = 0
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code":
            continue
        count += 1
        printed = io.StringIO()
        try:
            with contextlib.redirect_stdout(printed):
                exec(compile("".join(cell["source"]), f"cell {count}", "exec"), names)
        except Exception:
            traceback.print_exc()
            sys.exit(f"{path.name}: cell {count} failed")
        outputs = shown()
        if printed.getvalue():
            outputs.insert(0, {
                "output_type": "stream", "name": "stdout",
                "text": printed.getvalue().splitlines(keepends=True)})
        cell["outputs"], cell["execution_count"] = outputs, count
    if given.write:
        path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{path.name}: {count} cells")


main()
