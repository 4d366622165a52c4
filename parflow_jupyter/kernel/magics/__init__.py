"""The magics: %parflow and %%parflow map."""
