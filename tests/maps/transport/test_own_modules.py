"""Modules beside the notebook: they import on engines, and their edits are seen by the next map."""

import importlib
import os
import sys
import time
import warnings

import cloudpickle
import pytest
from map_helpers import mapped

from parflow_jupyter.maps import MapOptions, run_map
from parflow_jupyter.maps.schemes import load, names
from parflow_jupyter.maps.transport import stale_modules

SHIPPING = [name for name in names() if load(name).ships]
_numbers = iter(range(1000))


@pytest.fixture(params=SHIPPING)
def scheme(request, make_scheme):
    return make_scheme(request.param, 2)


class Folder:
    """A notebook's folder: modules of a test's own, that this process imports from."""

    def __init__(self, path):
        self.path = path
        # Names that no other test has used on the same engines.
        self.name = f"beside{next(_numbers)}"

    def write(self, text, name=None):
        file = self.path / f"{name or self.name}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        # As saved a while ago: what is saved during a map is another test's matter.
        old = time.time() - 60 - len(text)
        os.utime(file, (old, old))
        return file

    def imported(self, name=None):
        importlib.invalidate_caches()
        return importlib.import_module(name or self.name)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    before = set(sys.modules)
    path = tmp_path / "notebook"
    path.mkdir()
    monkeypatch.chdir(path)
    monkeypatch.syspath_prepend(str(path))
    yield Folder(path)
    for name in set(sys.modules) - before:
        if name.startswith("beside"):
            del sys.modules[name]


@pytest.fixture
def older_here():
    """For tests where this process has an older version, which has its own test."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*edited after")
        yield


def on_all(scheme, function):
    """What the function gives on every slot."""

    def item(x):
        time.sleep(0.01)
        return function(x)

    return set(mapped(scheme, item, range(12), batch=1))


def test_a_module_beside_the_notebook_is_imported(scheme, folder):
    """As a module, by a name from it, and where the function itself imports it."""
    folder.write("def f(x): return 'one'\n")
    module = folder.imported()
    name = folder.name
    assert set(mapped(scheme, module.f, range(6), batch=1)) == {"one"}
    assert on_all(scheme, lambda x: module.f(x)) == {"one"}
    assert on_all(scheme, lambda x: importlib.import_module(name).f(x)) == {"one"}


@pytest.mark.usefixtures("older_here")
def test_an_edit_is_seen_by_the_next_map(scheme, folder):
    """Also by functions that were sent before, and where the function imports it."""
    folder.write("def f(x): return 'one'\n")
    module = folder.imported()
    from_module = module.f
    name = folder.name
    assert on_all(scheme, module.f) == {"one"}
    folder.write("def f(x): return 'two!'\n")
    assert on_all(scheme, module.f) == {"two!"}
    assert on_all(scheme, lambda x: from_module(x)) == {"two!"}
    folder.write("def f(x): return 'three!!'\n")
    assert on_all(scheme, lambda x: importlib.import_module(name).f(x)) == {"three!!"}


@pytest.mark.usefixtures("older_here")
def test_an_edit_of_what_a_module_imports_is_seen(scheme, folder):
    """By the module that uses it, and in a package, in all its parts."""
    lower, package = f"{folder.name}lower", f"{folder.name}package"
    folder.write("VALUE = 'one'\nclass C:\n    word = 'one'\n", lower)
    folder.write(f"from {lower} import VALUE, C\ndef f(x): return VALUE + C.word\n")
    folder.write("from .part import g\n", f"{package}/__init__")
    folder.write("from .deep import VALUE\ndef g(x): return VALUE\n", f"{package}/part")
    folder.write("VALUE = 'one'\n", f"{package}/deep")
    above, inside = folder.imported(), folder.imported(package)
    function = lambda x: (above.f(x), inside.g(x))  # noqa: E731 - it has no name in a notebook, too
    assert on_all(scheme, function) == {("oneone", "one")}
    folder.write("VALUE = 'two!'\nclass C:\n    word = 'two!!'\n", lower)
    folder.write("VALUE = 'two!'\n", f"{package}/deep")
    assert on_all(scheme, function) == {("two!two!!", "two!")}


def test_what_did_not_change_is_not_imported_again(scheme, folder):
    """A module keeps what it has loaded."""
    folder.write("import time\nLOADED = time.monotonic_ns()\ndef f(x): return LOADED\n")
    module = folder.imported()
    first = on_all(scheme, module.f)
    # Touched, as by a tool that writes what was there.
    os.utime(folder.path / f"{folder.name}.py")
    assert on_all(scheme, module.f) <= first


def test_a_module_saved_while_it_is_used_is_read_again(scheme, folder):
    """Which of the two an item has imported can't be known."""
    file = folder.write("def f(): return 'one'\n")
    name = folder.name

    def item(x):
        value = importlib.import_module(name).f()
        if not os.path.exists(f"{file}.done"):
            open(f"{file}.done", "w").close()
            # As editors save: others that import it meanwhile never see half of it.
            new = f"{file}.{x}"
            with open(new, "w") as saved:
                saved.write("def f(): return 'two!'\n")
            os.replace(new, file)
        return value

    mapped(scheme, item, range(4), batch=1)
    assert on_all(scheme, lambda x: importlib.import_module(name).f()) == {"two!"}


def test_each_notebook_has_its_own_module_of_a_name(scheme, folder, tmp_path, monkeypatch):
    """Two folders with a file of the same name, in turn; and files beside them open."""
    name = folder.name
    for word in ("one", "two!"):
        other = tmp_path / word
        other.mkdir()
        (other / f"{name}.py").write_text(f"def f(): return {word!r}\n")
        (other / "data.txt").write_text(word)

    def item(x):
        with open("data.txt") as file:
            return importlib.import_module(name).f(), file.read()

    for word in ("one", "two!", "one"):
        monkeypatch.chdir(tmp_path / word)
        with monkeypatch.context() as paths:
            paths.setattr(sys, "path", [str(tmp_path / word), *sys.path])
            assert on_all(scheme, item) == {(word, word)}


def test_engines_go_back_to_their_own_folder(engines, folder):
    """What others run there finds it as it was; a folder that init went to is the run's."""
    before = engines.client[:].apply_sync(os.getcwd)
    path = engines.client[:].apply_sync(eval, "__import__('sys').path[:]")
    (folder.path / "deep").mkdir()

    result = run_map(
        lambda _: os.getcwd(),
        [range(6)],
        options=MapOptions(progress=False, batch=1, init=lambda: os.chdir("deep")),
        schemes=[engines.scheme()],
    )
    assert set(result) == {str(folder.path / "deep")}
    assert engines.client[:].apply_sync(os.getcwd) == before
    assert engines.client[:].apply_sync(eval, "__import__('sys').path[:]") == path


def test_a_module_that_this_process_has_as_it_was_is_told(scheme, folder, monkeypatch):
    """By the name of its file, until it is reloaded; not for modules that are not used."""
    monkeypatch.setattr(stale_modules, "_STARTED", 0.0)
    folder.write("def f(x): return 'one'\n")
    folder.write("def g(x): return 'one'\n", f"{folder.name}other")
    module, other = folder.imported(), folder.imported(f"{folder.name}other")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mapped(scheme, module.f, [1], batch=1)
    folder.write("def f(x): return 'two!'\n")
    for _ in range(2):
        with pytest.warns(UserWarning, match=rf"{folder.name}\.py was edited.*reload"):
            assert mapped(scheme, module.f, [1], batch=1) == ["two!"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mapped(scheme, other.g, [1], batch=1)
        importlib.reload(module)
        assert mapped(scheme, module.f, [1], batch=1) == [module.f(1)] == ["two!"]


def test_an_edit_before_the_first_map_is_told_too(folder, monkeypatch):
    """It shows in the code of the functions, however they are decorated."""
    monkeypatch.setattr(stale_modules, "_STARTED", 0.0)
    text = (
        "import functools\n"
        "def same(f):\n"
        "    @functools.wraps(f)\n"
        "    def wrapped(x): return f(x)\n"
        "    return wrapped\n"
        "@same\n"
        "def f(x): return [y for y in {1, 2, 3} if y in {1.5, 'a', %r}]\n"
    )
    folder.write(text % 1)
    module = folder.imported()
    pickled = cloudpickle.dumps(module.f)
    assert stale_modules.edited_modules(pickled) is None
    stale_modules._seen.clear()
    folder.write(text % 12)
    assert folder.name in stale_modules.edited_modules(pickled)
    importlib.reload(module)
    assert stale_modules.edited_modules(pickled) is None
