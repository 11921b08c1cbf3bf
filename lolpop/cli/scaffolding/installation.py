"""Where lolpop itself was installed from, for projects that are to have the same one."""

from __future__ import annotations

from lolpop._distributions import origin_of, repository_of

__all__ = ["LOCAL_REQUIREMENTS", "local_requirements"]

LOCAL_REQUIREMENTS = "local-requirements.txt"


def local_requirements() -> bytes | None:
    """The requirements file that installs the lolpop that is running; None if it came from an index.

    A folder, a file or a repository is no requirement that a project could state for everybody.
    """
    origin = origin_of("lolpop")
    if origin is None:
        return None
    url = repository_of(origin) or origin["url"]
    is_editable = origin.get("dir_info", {}).get("editable", False)
    line = f"-e {url}" if is_editable else f"lolpop @ {url}"
    return (
        "# The lolpop that made this project was installed from here, and not from an index.\n"
        f"# `make` installs it too. Remove this file where an index has lolpop.\n{line}\n"
    ).encode()
