"""Pipelines: typed functions connected into a graph, checked, saved, and run."""

from parflow_jupyter.pipelines.check import check
from parflow_jupyter.pipelines.model import Connection, Group, Handle, ModuleSpec, PortRef
from parflow_jupyter.pipelines.pipeline import Pipeline
from parflow_jupyter.pipelines.ports import Module, Port, module
from parflow_jupyter.pipelines.running.report import ModuleReport, PipelineRun
from parflow_jupyter.pipelines.running.run import run_pipeline
from parflow_jupyter.pipelines.running.serial import serial_map

__all__ = [
    "Connection",
    "Group",
    "Handle",
    "Module",
    "ModuleReport",
    "ModuleSpec",
    "Pipeline",
    "PipelineRun",
    "Port",
    "PortRef",
    "check",
    "module",
    "run_pipeline",
    "serial_map",
]
