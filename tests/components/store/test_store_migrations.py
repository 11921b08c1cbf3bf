"""Versions of the tables."""

from __future__ import annotations

import subprocess
import sys

import pytest
import sqlalchemy
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from lolpop.components.store import migrations, schema
from lolpop.components.store.sql import SQLStore
from lolpop.errors import StoreError


def migrate(url: str, revision: str) -> None:
    config = configuration()
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def configuration() -> Config:
    config = Config()
    config.set_main_option("script_location", migrations.__path__[0])
    return config


def database_url(request, tmp_path) -> str:
    if request.param == "postgres":
        return request.getfixturevalue("postgres_url")
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture(params=["sqlite", "postgres"])
def url(request, tmp_path):
    return database_url(request, tmp_path)


def test_head_is_the_newest_script():
    """The constant that opening compares with is the revision of the newest script."""
    assert ScriptDirectory.from_config(configuration()).get_current_head() == migrations.HEAD


def test_scripts_make_the_tables_of_the_schema(url):
    """All scripts in a row make the tables that a new store is created with: columns, indices, constraints."""
    migrate(url, "head")
    engine = sqlalchemy.create_engine(url)
    with engine.connect() as connection:
        options = {"version_table": schema.version.name, "compare_type": True}
        differences = compare_metadata(MigrationContext.configure(connection, opts=options), schema.metadata)
        inspector = sqlalchemy.inspect(connection)
        names = set(inspector.get_table_names())
        keys = {name: inspector.get_pk_constraint(name)["constrained_columns"] for name in names}
    engine.dispose()
    added = [difference for difference in differences if difference[0] != "remove_table"]
    assert added == []
    assert names == set(schema.metadata.tables)
    assert keys == {
        name: [column.name for column in table.primary_key] for name, table in schema.metadata.tables.items()
        if name != schema.version.name
    } | {schema.version.name: ["version_num"]}  # fmt: skip


def test_older_store_is_migrated(url, tmp_path, new_run):
    """A store of an older version is migrated when it is opened, with its content."""
    migrate(url, "0001")
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        values = {"run_id": "old", "workflow": "w", "container": "c", "status": "completed", "wiring": {}}
        connection.execute(sqlalchemy.insert(schema.runs).values(started_at=new_run().started_at, **values))
    engine.dispose()
    store = SQLStore(url, folder=tmp_path)
    assert [run.run_id for run in store.runs()] == ["old"]
    with store.begin_run(new_run()):
        assert len(store.runs()) == 2
    store.close()


def test_newer_store_is_refused(url, tmp_path):
    """A store of a newer lolpop is not changed, and the error says what to do."""
    store = SQLStore(url, folder=tmp_path)
    with store.transaction() as connection:
        connection.execute(sqlalchemy.update(schema.version).values(version_num="9999"))
    store.close()
    with pytest.raises(
        StoreError, match=r"written by a newer lolpop .*9999.*pip install --upgrade"
    ) as caught:
        store.runs()
    assert "s3cr3t" not in str(caught.value)
    store.close()


def test_opening_a_store_does_not_import_alembic(file_store, tmp_path):
    """Neither creating a store nor opening one imports alembic, which takes longer than both."""
    script = (
        "import sys; from pathlib import Path; from lolpop.components.store.sql import SQLStore\n"
        "for folder in sys.argv[1:]:\n"
        "    store = SQLStore(folder=Path(folder)); store.runs(); store.close()\n"
        "sys.exit('alembic' in sys.modules)"
    )
    file_store.runs()
    subprocess.run([sys.executable, "-c", script, tmp_path, tmp_path / "new"], check=True)


def test_importing_the_components_imports_no_library():
    """The implementations can be looked at without sqlalchemy, pandas, numpy, pyarrow and scikit-learn."""
    script = (
        "import sys\n"
        "import lolpop.components.store.sql, lolpop.components.metadata_tracker.sql\n"
        "import lolpop.components.metrics_tracker.sql, lolpop.components.resource_version_control.local\n"
        "import lolpop.components.model_repository.sql, lolpop.components.model_deployer.local\n"
        "heavy = {'sqlalchemy', 'pandas', 'numpy', 'pyarrow', 'sklearn', 'narwhals', 'filelock', 'fsspec'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
