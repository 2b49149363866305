"""Every schedule of a small case: `explore` looks for one that breaks a law, `replay` runs it again."""

from gmplab.analysis.explore.exploration import Exploration, explore
from gmplab.analysis.explore.schedule import Schedule, replay
from gmplab.analysis.explore.walk import Bound

__all__ = ["Bound", "Exploration", "Schedule", "explore", "replay"]
