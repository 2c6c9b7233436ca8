"""Whether a newly trained model should take the place of the one in use: comparison, gates, release, tuning.

* `measures`, `reasons`: what there is to compare
* `between`: two models beside each other, and on the same cases
* `gates`, `release`: what must hold, and the signed folder that comes of it
* `charts`: Altair's only door
* `tuning`: Optuna's only door
"""
