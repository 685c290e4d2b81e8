"""Putting functions of ours in the place of moto's."""

from functools import wraps


def patch(owner):
    """Put the decorated function in the place of owner's method of that name. It is given moto's own first."""

    def replace(function):
        original = getattr(owner, function.__name__)

        @wraps(original)
        def method(*args, **kwargs):
            return function(original, *args, **kwargs)

        setattr(owner, function.__name__, method)
        return function

    return replace
