"""Dead letters: records that broke a step, seen by whom they belong to, and asked to be driven again."""
