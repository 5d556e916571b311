"""Writes config.schema.json and README.md of the config folder from the models."""

import json
import sys
from pathlib import Path

from tiles2zarr.config.schema import config_schema
from tiles2zarr.config.table import key_rows

_INTRODUCTION = """\
# The config file

One YAML file per plate. The shortest one names the input:

```yaml
acquisitions:
  - path: raw/P1            # folder of the microscope, or a tile table
```

and this one states what a tile table does not say:

```yaml
plate:
  name: P1                  # -> results/P1.zarr
  layout: 384
output: results
acquisitions:
  - path: raw/tiles.csv
    format: tile_table
    details: {pixelsize: 0.65, z_spacing: 2.0}
```

Run it with `snakemake -c all --configfile my.yaml`. `config.yaml` beside this file is
the demo. Editors that know YAML schemas complete and check keys when the file begins
with `# yaml-language-server: $schema=config.schema.json`.

- Everything is checked before the first job: each fault is told with its place, what
  was expected, and the nearest key or value.
- A key that is left out, or has nothing behind it, takes its default.
- Words may be written as the documented labels too: `Snap to Grid` is `snap_to_grid`,
  `By FOV (Using Dask)` is `by_fov_dask`; case, spaces and underscores do not matter.
- Relative paths start from the folder Snakemake runs in. Any fsspec URL
  (`s3://bucket/prefix`) may stand for a path.
- Passwords and keys are refused: the config is copied into logs and results.
- YAML reads `on`, `off`, `yes`, `no` as true and false, and `010` as 8: put such names
  in quotes. Unquoted numbers are text where text belongs (`wavelength_id: 405`).

Several plates share one file; each takes what it does not state from the rest of it:

```yaml
plates:
  P1: {path: raw/P1}        # the path of the only acquisition
  P2: p2.yaml               # a file of its own
  P3:
    acquisitions:           # merged position by position
      - path: raw/P3
    omezarr: {num_levels: 3}
acquisitions:
  - format: cellvoyager
```

## All keys

`[]` stands for each entry of a list. *Needed* keys have no default. Units stand with
the meaning.
"""


def config_readme() -> str:
    """Return ``config/README.md``: an introduction and the table of all keys."""
    lines = ["| key | values | default | meaning |", "|---|---|---|---|"]
    for row in key_rows():
        cells = (cell.replace("|", "\\|") for cell in row)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([_INTRODUCTION, *lines, ""])


def schema_text() -> str:
    """Return ``config/config.schema.json``."""
    return json.dumps(config_schema(), indent=2, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    """Write both files into the folder given, or ``config``; return the exit code."""
    folder = Path(arguments[0]) if arguments else Path("config")
    (folder / "config.schema.json").write_text(schema_text(), encoding="utf-8")
    (folder / "README.md").write_text(config_readme(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
