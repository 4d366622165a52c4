"""Which environment variables our processes get: an allow-list, so that no token leaks (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

ALLOWED = """
PATH HOME USER LOGNAME SHELL LANG LANGUAGE LC_* TZ TMPDIR TERM HOSTNAME LD_LIBRARY_PATH DYLD_*
LIBRARY_PATH CONDA_* MAMBA_* VIRTUAL_ENV PYTHON* IPYTHONDIR JUPYTER_CONFIG_DIR JUPYTER_DATA_DIR
JUPYTER_RUNTIME_DIR JUPYTER_PATH JUPYTER_CONFIG_PATH JUPYTER_PREFER_ENV_PATH
JUPYTER_PLATFORM_DIRS JUPYTER_NO_CONFIG XDG_* MPLCONFIGDIR CUDA_* NVIDIA_* ROCR_* HIP_* OMP_*
MKL_* OPENBLAS_* BLIS_* VECLIB_* NUMEXPR_* NUMBA_* GOTO_* KMP_* MALLOC_* OPENCV_* SSL_CERT_FILE
SSL_CERT_DIR REQUESTS_CA_BUNDLE CURL_CA_BUNDLE http_proxy https_proxy no_proxy ftp_proxy
all_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY SYSTEMROOT WINDIR COMSPEC TEMP TMP APPDATA
LOCALAPPDATA USERPROFILE PATHEXT PARFLOW_* SSH_AUTH_SOCK KRB5CCNAME OMPI_* PRTE_* PMIX_*
SLURM_CONF SLURM_CLUSTER_NAME SLURM_JOB_* PBS_* SGE_* LSF_* LSB_* _CONDOR_* CONDOR_CONFIG
"""
"""Patterns of the names that are passed on, separated by blanks."""

LOOKS_SECRET = """
*TOKEN* *SECRET* *PASSWORD* *PASSWD* *COOKIE* *CREDENTIAL* *API_KEY* *APIKEY* *ACCESS_KEY*
*PRIVATE_KEY*
"""
"""Names that are not passed on although a pattern allows them, such as CONDA_TOKEN."""

BLAS_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)


def allowed_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what engines and controllers may see of an environment.

    Further names or patterns can be passed on by naming them, separated by commas, in
    ``PARFLOW_PASS_ENVIRONMENT``. Names that look like those of secrets must be named there.

    Example:
        >>> allowed_environment({"PATH": "/bin", "JUPYTERHUB_API_TOKEN": "s3cret"})
        {'PATH': '/bin'}
    """
    more = environment.get("PARFLOW_PASS_ENVIRONMENT", "").split(",")
    asked = [name.strip() for name in more if name.strip()]

    def passes(name: str) -> bool:
        if _matches(name, asked):
            return True
        return _matches(name, ALLOWED.split()) and not _matches(name.upper(), LOOKS_SECRET.split())

    return {name: value for name, value in environment.items() if passes(name)}


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def blas_threads(environment: Mapping[str, str]) -> int | None:
    """Return how many threads an environment grants numeric libraries, None when it says nothing.

    Example:
        >>> blas_threads({"OMP_NUM_THREADS": "3"})
        3
    """
    known = (environment.get(name, "") for name in ("OPENBLAS_NUM_THREADS", *BLAS_VARIABLES))
    return next((int(value) for value in known if value.isdigit() and int(value) > 0), None)


def blas_limits(environment: Mapping[str, str], cores: int, engines: int) -> dict[str, str]:
    """Return the thread limits of one engine: cores / engines, unless its user set them.

    Example:
        >>> blas_limits({"MKL_NUM_THREADS": "8"}, cores=8, engines=4)["OMP_NUM_THREADS"]
        '2'
    """
    threads = str(max(1, cores // max(1, engines)))
    return {name: threads for name in BLAS_VARIABLES if name not in environment}
