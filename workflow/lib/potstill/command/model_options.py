"""What the commands that train and use models are given beside frames."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
import yaml

from potstill.errors import PotstillError

Model = Annotated[Path, typer.Argument(help="the ensemble file of a trained model")]
Device = Annotated[
    Literal["auto", "cpu", "cuda"],
    typer.Option(help="where networks run; auto takes a GPU where there is one"),
]


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the settings by name in a YAML file; PotstillError for what is none."""
    try:
        content = yaml.safe_load(path.read_text())
    except FileNotFoundError:
        raise PotstillError(f"{path}: no such file; name a YAML file of settings") from None
    except IsADirectoryError:
        raise PotstillError(f"{path}: a folder; name a YAML file of settings in it") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        why = " ".join(str(error).split())
        raise PotstillError(f"{path}: not valid YAML ({why}); correct it") from None
    if content is None:
        return {}
    if not isinstance(content, Mapping) or not all(isinstance(name, str) for name in content):
        raise PotstillError(f"{path}: holds no settings by name; write `name: value` on each line")
    return dict(content)
