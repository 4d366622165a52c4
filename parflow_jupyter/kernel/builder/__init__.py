"""The builder of pipelines: a widget of the notebook."""
