"""Whatever is recorded, in whatever order: the tracker says what a plain model of it says."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from lolpop.components.metadata_tracker.sql import SQLMetadataTracker
from lolpop.components.store.sql import SQLStore
from lolpop.resources import RESOURCE_TYPES, Numbered

NAMES = st.sampled_from(["titanic", "Überflug", "a.b-c_d", "💥", "%_\\'\""])
KINDS = st.sampled_from(sorted(set(RESOURCE_TYPES) - {"run"}))
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)


class Lineage(RuleBasedStateMachine):
    """A tracker beside dictionaries that ought to say the same."""

    resources = Bundle("resources")

    @initialize()
    def begin(self):
        self.folder = Path(tempfile.mkdtemp(prefix="lolpop-lineage-"))
        self.store = SQLStore(folder=self.folder)
        self.tracker = SQLMetadataTracker(store=self.store)
        self.order, self.fields, self.tags, self.parents = [], {}, {}, {}

    @rule(target=resources, kind=KINDS, name=NAMES, fields=st.dictionaries(TEXT, JSON, max_size=3),
          parents=st.lists(resources, max_size=3))  # fmt: skip
    def create(self, kind, name, fields, parents):
        resource_type = RESOURCE_TYPES[kind]
        same = [other for other in self.order if (other.kind, other.name) == (kind, name)]
        resource = self.tracker.create(resource_type, name, fields=fields, parents=parents)
        if issubclass(resource_type, Numbered):
            assert resource.number == len(same) + 1
        if resource not in self.fields:
            self.order.append(resource)
        self.fields.setdefault(resource, {}).update(fields)
        self.tags.setdefault(resource, {})
        self._linked(resource, parents)
        return resource if not same or issubclass(resource_type, Numbered) else multiple()

    @rule(child=resources, parents=st.lists(resources, max_size=4))
    def link(self, child, parents):
        self.tracker.link(child, parents)
        self._linked(child, parents)

    @rule(resource=resources, fields=st.dictionaries(TEXT, JSON, max_size=3))
    def update(self, resource, fields):
        self.tracker.update(resource, fields)
        self.fields[resource].update(fields)

    @rule(resource=resources, tags=st.dictionaries(TEXT, TEXT, max_size=3))
    def tag(self, resource, tags):
        self.tracker.tag(resource, tags)
        self.tags[resource].update(tags)

    @rule()
    def reopen(self):
        self.store.close()

    @invariant()
    def same(self):
        if not hasattr(self, "store"):
            return
        for resource in self.order:
            record = self.tracker.get(str(resource))
            assert record.resource == resource
            assert record.fields == self.fields[resource]
            assert record.tags == self.tags[resource]
            assert self.tracker.parents(resource) == self.parents.get(resource, [])
            # A pair is recorded once, by whichever call was the first; children come in that order.
            assert self.tracker.children(resource) == [
                child for child, parent in self.links if parent == resource
            ]
        for kind, resource_type in RESOURCE_TYPES.items():
            assert self.tracker.find(resource_type) == [other for other in self.order if other.kind == kind]

    def _linked(self, child, parents):
        for parent in parents:
            if parent not in self.parents.setdefault(child, []):
                self.parents[child].append(parent)
                self.links.append((child, parent))

    @property
    def links(self):
        return self.__dict__.setdefault("_links", [])

    def teardown(self):
        if hasattr(self, "store"):
            self.store.close()
            shutil.rmtree(self.folder)


TestLineage = Lineage.TestCase
TestLineage.settings = settings(max_examples=12, stateful_step_count=15, deadline=None)
