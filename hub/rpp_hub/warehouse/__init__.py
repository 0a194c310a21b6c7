"""The warehouse: from a district's files to longitudinal masters with a codebook."""
