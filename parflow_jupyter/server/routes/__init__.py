"""The REST routes: read what was asked, put it to the clusters, reply."""
