"""The cloud side of the edge: templates, packages, rehearsal, plan, deployment. `bin/milepost cloud` calls it."""
