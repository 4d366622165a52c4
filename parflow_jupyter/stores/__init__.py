"""What is kept on disk: the history of runs, and the settings of the toolbox."""
