"""Jupyter Server as the browser stories need it; never use this in production."""

import os

from jupyterlab.galata import configure_jupyter_server

configure_jupyter_server(c)  # noqa: F821
c.ServerApp.allow_root = os.geteuid() == 0  # noqa: F821
c.ServerApp.port = int(os.environ["UI_TESTS_PORT"])  # noqa: F821
c.ServerApp.port_retries = 0  # noqa: F821
c.LabApp.news_url = None  # noqa: F821
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"  # noqa: F821
