"""How moto is changed: one method at a time, by name."""

from functools import wraps


def patch(owner):
    """Puts the decorated function in the place of owner's method of that name. It is given moto's own first."""

    def replace(function):
        original = getattr(owner, function.__name__)

        @wraps(original)
        def method(*args, **kwargs):
            return function(original, *args, **kwargs)

        setattr(owner, function.__name__, method)
        return function

    return replace
