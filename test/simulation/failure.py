"""What is raised when an invariant does not hold."""


class Failure(Exception):
    def __init__(self, invariant, words):
        super().__init__(f"{invariant}: {words}")
        self.invariant = invariant
