"""What engines find around them: randomness, environment, threads, interpreter, configuration."""

import os
import random
import subprocess
import sys

import pytest

from parflow_jupyter._system.cpu_count import available_cores
from parflow_jupyter.clusters.client.connection import connect
from parflow_jupyter.clusters.files.profiles import locate_profile
from parflow_jupyter.errors import EngineStartError, InvalidInputError


def test_engines_draw_different_random_numbers(clusters, tmp_path, monkeypatch):
    """Forked engines don't share random numbers, also of a numpy that was loaded before."""
    (tmp_path / "sitecustomize.py").write_text("import numpy.random\n")
    searched = [str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(searched))
    clusters.start_engines(4)

    def draw():
        import sys

        preloaded = "numpy.random" in sys.modules
        import numpy.random

        return preloaded, random.random(), float(numpy.random.random())

    drawn = connect(clusters)[:].apply_sync(draw)
    assert [preloaded for preloaded, _, _ in drawn] == [True] * 4
    assert len({number for _, number, _ in drawn}) == 4
    assert len({number for _, _, number in drawn}) == 4


def test_engines_see_no_token_and_few_threads(clusters, monkeypatch):
    """Secrets of who asked don't reach engines; nor do controllers' keys reach arguments."""
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "s3cret")
    monkeypatch.setenv("JPY_PARENT_PID", "1")
    clusters.start_engines(1)

    def look():
        import os
        import sys

        return dict(os.environ), sys.argv, os.listdir("/proc/self/fd"), os.getsid(0) == os.getpid()

    environment, arguments, _, leads = connect(clusters)[0].apply_sync(look)
    assert not [name for name in environment if name.startswith(("JUPYTERHUB", "JPY_"))]
    assert environment["OMP_NUM_THREADS"].isdigit()
    assert arguments == ["parflow-engine"]
    assert leads


@pytest.mark.parametrize(("asked", "expected"), [(None, available_cores()), ("1", 1), ("2", 2)])
def test_numeric_libraries_share_the_cores(clusters, monkeypatch, asked, expected):
    """Libraries loaded before the fork obey the limit, too: cores / engines, or as asked."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        # A test before this may have started dask, which sets them.
        monkeypatch.delenv(name, raising=False)
    if asked is not None:
        monkeypatch.setenv("OPENBLAS_NUM_THREADS", asked)
    clusters.start_engines(1)

    def count_threads():
        import numpy
        import threadpoolctl

        assert numpy.ones(1)
        return {found["num_threads"] for found in threadpoolctl.threadpool_info()}

    assert connect(clusters)[0].apply_sync(count_threads) == {expected}


def test_another_interpreter(clusters, tmp_path):
    """Engines run in the Python that was asked for, even one without this package."""
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", "--symlinks", tmp_path / "venv"],
        check=True,
        timeout=60,
    )
    python = tmp_path / "venv" / "bin" / "python"
    packages = next((tmp_path / "venv" / "lib").glob("python*")) / "site-packages"
    shared = os.path.dirname(os.path.dirname(os.path.abspath(pytest.__file__)))
    (packages / "shared.pth").write_text(shared)
    clusters.start_engines(1, python=str(python))

    def where():
        import sys

        return sys.executable

    assert connect(clusters)[0].apply_sync(where) == str(python)


def test_a_python_without_ipyparallel_is_told(clusters, tmp_path):
    """When no engine comes up, the error says so and nothing is left running."""
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True, timeout=60
    )
    with pytest.raises(EngineStartError, match="ipyparallel"):
        clusters.start_engines(1, python=str(tmp_path / "venv" / "bin" / "python"))
    assert clusters.info().engines_total == 0


def test_a_launcher_that_the_profile_configures_is_not_passed_over(
    clusters, isolated_home, monkeypatch
):
    """A profile made for Slurm does not silently get local engines; naming one does."""
    config = locate_profile("default") / "ipcluster_config.py"
    config.write_text("c.Cluster.engine_launcher_class = 'their_own.Teleport'\n")
    with pytest.raises(InvalidInputError, match="teleport"):
        clusters.start_engines(1)
    config.write_text("c.Cluster.engine_launcher_class = 'slurm'\n")
    monkeypatch.setenv("PATH", os.path.dirname(sys.executable))
    monkeypatch.chdir(isolated_home)
    with pytest.raises(EngineStartError, match="sbatch"):
        clusters.start_engines(1)
    assert not list(isolated_home.rglob("*batch*"))
    assert clusters.start_engines(1, launcher="local").engines_total == 1
